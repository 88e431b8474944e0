// Who is asking, as every interface sees it.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

// Topic filters an MQTT client may publish to and subscribe to, with everything filled in.
struct TopicRights {
    std::vector<std::string> publish;
    std::vector<std::string> subscribe;
};

struct Principal {
    std::string kind;                  // "api_key", "mqtt_user", "certificate", "anonymous"
    std::string name;                  // key name or user name; never a secret
    std::vector<std::string> scopes;   // "readings:read", …; "*": all
    std::vector<std::string> devices;  // device id patterns with '*'; empty: all
    std::string id{};                  // of the key; of a user's present state

    // Of a key.
    std::optional<Timestamp> expires{};
    std::string successor{};  // its id, once the key was rotated
    // Of an MQTT client.
    std::string client_id{};
    std::shared_ptr<const TopicRights> rights{};  // none: no topic

    bool may(std::string_view scope) const;
    bool may(std::string_view scope, std::string_view device_id) const;
};

// Where a caller comes from and which key it showed.
struct KeyCredentials {
    std::string_view key;
    std::string_view address;  // of the peer, without a port
};

// Checks an X-API-Key. Thread-safe; from memory, so it may run on an I/O thread.
// Errors: unauthenticated, the same for every kind of wrong key.
class KeyAuthenticator {
public:
    virtual ~KeyAuthenticator() = default;
    virtual Result<Principal> authenticate(const KeyCredentials& credentials) const = 0;
};

// What an MQTT client shows at CONNECT.
struct MqttCredentials {
    std::string client_id;
    std::string user;  // empty: none sent
    std::string password;
    std::string certificate_subject;  // common name of a verified client certificate, or empty
    bool loopback = false;
};

// Checks MQTT clients. `authenticate` may take 50 ms and more (Argon2id): not on an I/O thread.
// The other calls are quick. Thread-safe.
class MqttAuthenticator {
public:
    virtual ~MqttAuthenticator() = default;
    virtual Result<Principal> authenticate(const MqttCredentials& credentials) = 0;
    // The answer when it is known without work (anonymous, or this password was verified
    // before); nullopt: call authenticate().
    virtual std::optional<Result<Principal>> try_authenticate(const MqttCredentials& credentials
    ) const = 0;
    // Whether a session that came in as this principal may go on: its user is there and unchanged.
    virtual bool may_stay(const Principal& principal) const = 0;
    virtual bool may_publish(const Principal& principal, std::string_view topic) const = 0;
    virtual bool may_subscribe(const Principal& principal, std::string_view filter) const = 0;
};

}  // namespace modax
