// Users as those who open sessions (OPC UA): the same passwords and roles as over MQTT.
#include "security/users.hpp"

#include <algorithm>
#include <utility>

namespace modax::security {
namespace {

MqttCredentials credentials_of(std::string_view user, std::string_view password) {
    MqttCredentials credentials;
    credentials.user = user;
    credentials.password = password;
    return credentials;
}

}  // namespace

std::optional<Result<Principal>> Users::try_login(std::string_view user, std::string_view password)
    const {
    // Nobody in particular is a matter of MQTT.
    if (user.empty()) return deny();
    return try_authenticate(credentials_of(user, password));
}

Result<Principal> Users::login(std::string_view user, std::string_view password) {
    if (user.empty()) return deny();
    return authenticate(credentials_of(user, password));
}

Result<Principal> Users::login_by_certificate(std::string_view common_name) const {
    const auto current = table();
    const auto user = current->users.find(common_name);
    if (user == current->users.end()) return deny();
    return principal_of("certificate", user->second, *current, {});
}

bool Users::may_read_device(const Principal& principal, std::string_view device_id) const {
    const std::string topic = options_.topic_prefix + "/sensor/data/" + std::string{device_id};
    return may_subscribe(principal, topic);
}

bool Users::may_read_production(const Principal& principal) const {
    // Of any order: a filter that names single orders is not for the address space.
    return may_subscribe(principal, options_.topic_prefix + "/production/+");
}

bool Users::may_acknowledge(const Principal& principal, std::string_view device_id) const {
    const auto current = table();
    const auto user = current->users.find(principal.name);
    if (user == current->users.end()) return false;
    const auto& roles = user->second.roles;
    const bool entitled = std::any_of(roles.begin(), roles.end(), [](const std::string& role) {
        return role == "operator" || role == "admin";
    });
    return entitled && (device_id.empty() || may_read_device(principal, device_id));
}

}  // namespace modax::security
