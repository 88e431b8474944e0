#include "security/api_key_rules.hpp"

#include "core/scopes.hpp"
#include "security/base62.hpp"
#include "security/network.hpp"

#include <algorithm>
#include <utility>

namespace modax::security {
namespace {

bool is_device_pattern(std::string_view pattern) {
    return !pattern.empty() && pattern.size() <= 64 &&
           std::all_of(pattern.begin(), pattern.end(), [](char c) {
               return is_base62({&c, 1}) || c == '.' || c == '_' || c == '-' || c == '*';
           });
}

}  // namespace

Status check_key_spec(const KeySpec& spec, Timestamp now) {
    const auto wrong = [](std::string text) {
        return fail(Errc::invalid_argument, std::move(text));
    };
    const bool printable = std::all_of(spec.name.begin(), spec.name.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
    });
    if (spec.name.empty() || spec.name.size() > 64 || !printable) {
        return wrong("name: must be 1 to 64 printable characters; name the user of the key");
    }
    if (spec.scopes.empty()) {
        return wrong("scopes: a key needs at least one, for example readings:read");
    }
    for (const std::string& scope : spec.scopes) {
        if (!is_known_scope(scope)) {
            return wrong("scopes: '" + scope + "' is no scope; there are " + scope_names());
        }
    }
    for (const std::string& pattern : spec.devices) {
        if (!is_device_pattern(pattern)) {
            return wrong(
                "devices: '" + pattern + "' is no pattern of device ids; write for example cnc-*"
            );
        }
    }
    for (const std::string& network : spec.networks) {
        if (!Network::parse(network)) {
            return wrong(
                "networks: '" + network +
                "' is no network; write for example 10.1.0.0/16 or fd00::/8"
            );
        }
    }
    if (spec.expires && *spec.expires <= now) {
        return wrong("expires: " + format_iso8601(*spec.expires) + " is over; choose a later time");
    }
    return {};
}

}  // namespace modax::security
