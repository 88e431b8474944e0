// Who is asking, as every interface sees it.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

struct Principal {
    std::string kind;                  // "api_key", "mqtt_user", "certificate", "anonymous"
    std::string name;                  // key name or user name; never a secret
    std::vector<std::string> scopes;   // "readings:read", …; "*": all
    std::vector<std::string> devices;  // device id patterns with '*'; empty: all
    std::string id{};                  // of the key; empty for users, whose name it is

    bool may(std::string_view scope) const;
    bool may(std::string_view scope, std::string_view device_id) const;
};

// An API key as it is kept: never the secret itself.
struct ApiKey {
    std::string id;  // 8 characters
    std::string name;
    std::string secret_hash;  // SHA-256, 32 raw bytes
    std::vector<std::string> scopes;
    std::vector<std::string> devices;
    Timestamp created;
    std::optional<Timestamp> expires;
    bool revoked = false;
};

// Where keys are kept. Thread-safe; blocks on the disk, so never on an I/O thread.
class KeyStore {
public:
    virtual ~KeyStore() = default;
    virtual Result<std::vector<ApiKey>> keys() const = 0;
    virtual Status insert(const ApiKey& key) = 0;    // already_exists: same id
    virtual Status revoke(std::string_view id) = 0;  // not_found
};

// Checks an X-API-Key. Thread-safe; from memory, so it may run on an I/O thread.
// Errors: unauthenticated, the same for every kind of wrong key.
class KeyAuthenticator {
public:
    virtual ~KeyAuthenticator() = default;
    virtual Result<Principal> authenticate(std::string_view key) const = 0;
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
    virtual bool may_publish(const Principal& principal, std::string_view topic) const = 0;
    virtual bool may_subscribe(const Principal& principal, std::string_view filter) const = 0;
};

}  // namespace modax
