// Who may open a session (OPC UA), as a port: the same users as everywhere.
#pragma once

#include "core/principal.hpp"

#include <optional>
#include <string_view>

namespace modax {

// Thread-safe. Errors of the logins: unauthenticated, the same for every kind of wrong identity.
class SessionAuthenticator {
public:
    virtual ~SessionAuthenticator() = default;
    // The answer when it is known without work (this password was verified before); nullopt: call
    // login(). Quick.
    virtual std::optional<Result<Principal>> try_login(
        std::string_view user, std::string_view password
    ) const = 0;
    // 30 ms and more (Argon2id).
    virtual Result<Principal> login(std::string_view user, std::string_view password) = 0;
    // The user whom a verified certificate names. Quick.
    virtual Result<Principal> login_by_certificate(std::string_view common_name) const = 0;
    // Whether a session that came in as this principal may go on: its user is there and unchanged.
    virtual bool may_remain(const Principal& principal) const = 0;
    // Whether the user's roles let it subscribe to the readings of the device over MQTT. Quick.
    virtual bool may_read_device(const Principal& principal, std::string_view device_id) const = 0;
    // The same for production orders.
    virtual bool may_read_production(const Principal& principal) const = 0;
    // Whether the user may acknowledge alarms of the device (empty: of the gateway): it has the
    // role operator or admin now, and may read the device. Quick.
    virtual bool may_acknowledge(const Principal& principal, std::string_view device_id) const = 0;
};

}  // namespace modax
