#include "core/principal.hpp"

#include "core/device_pattern.hpp"

#include <algorithm>

namespace modax {

bool Principal::may(std::string_view scope) const {
    return std::any_of(scopes.begin(), scopes.end(), [scope](const std::string& granted) {
        return granted == "*" || granted == scope;
    });
}

bool Principal::may(std::string_view scope, std::string_view device_id) const {
    if (!may(scope)) return false;
    return devices.empty() ||
           std::any_of(devices.begin(), devices.end(), [device_id](const std::string& pattern) {
               return matches_device(pattern, device_id);
           });
}

}  // namespace modax
