#include "core/principal.hpp"

#include <algorithm>

namespace modax {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// '*' matches any run of characters; letters without regard to case, as device ids are compared.
bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace

bool Principal::may(std::string_view scope) const {
    return std::any_of(scopes.begin(), scopes.end(), [scope](const std::string& granted) {
        return granted == "*" || granted == scope;
    });
}

bool Principal::may(std::string_view scope, std::string_view device_id) const {
    if (!may(scope)) return false;
    return devices.empty() ||
           std::any_of(devices.begin(), devices.end(), [device_id](const std::string& pattern) {
               return matches(pattern, device_id);
           });
}

}  // namespace modax
