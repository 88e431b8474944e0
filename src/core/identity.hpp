// Keys, users and roles: as they are kept, where, and how they are changed. One store for all
// interfaces. Source: PROMISES P10, 3.1 and 3.2.
#pragma once

#include "core/audit.hpp"
#include "core/principal.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <span>

namespace modax {

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
    std::vector<std::string> networks{};   // "10.1.0.0/16", …; empty: from anywhere
    std::string created_by{};              // an audit actor
    std::string successor{};               // the key it was rotated to; empty: none
    std::optional<Timestamp> last_used{};  // to the minute
};

// A user of MQTT (and of OPC UA and the console). Names are compared exactly.
struct User {
    std::string name;           // 1 to 64 printable characters without blank and ':'
    std::string password_hash;  // Argon2id in its text form; empty: comes in by certificate only
    std::vector<std::string> roles;
    Timestamp created;
    bool operator==(const User&) const = default;
};

// What users of a role may do. Patterns are topic filters in which %u stands for the user's name
// and %c for the client id.
struct Role {
    std::string name;
    std::vector<std::string> publish;
    std::vector<std::string> subscribe;
    bool operator==(const Role&) const = default;
};

// Where keys are kept. A change and its row in the audit log are one transaction. Thread-safe;
// blocks on the disk, so never on an I/O thread.
class KeyStore {
public:
    virtual ~KeyStore() = default;
    virtual Result<std::vector<ApiKey>> keys() const = 0;
    // already_exists: same id
    virtual Status insert(const ApiKey& key, const AuditEntry& record) = 0;
    // Adds the successor of a key, which from now on ends at `old_expires`. not_found
    virtual Status rotate(
        const ApiKey& successor,
        std::string_view old_id,
        Timestamp old_expires,
        const AuditEntry& record
    ) = 0;
    virtual Status revoke(std::string_view id, const AuditEntry& record) = 0;  // not_found
    struct Use {
        std::string id;
        Timestamp last;
    };
    // Not a change that anybody answers for: without a record.
    virtual Status note_uses(std::span<const Use> uses) = 0;
};

// Where users and roles are kept, under the same rules as keys.
class UserStore {
public:
    virtual ~UserStore() = default;
    virtual Result<std::vector<User>> users() const = 0;
    virtual Status put(const User& user, const AuditEntry& record) = 0;  // adds or replaces
    virtual Status remove_user(std::string_view name, const AuditEntry& record) = 0;  // not_found
    virtual Result<std::vector<Role>> roles() const = 0;
    virtual Status put(const Role& role, const AuditEntry& record) = 0;
    virtual Status remove_role(std::string_view name, const AuditEntry& record) = 0;  // not_found
    // Rises with every change of keys, users and roles, also by another process.
    virtual Result<std::int64_t> identity_version() const = 0;
};

struct KeySpec {
    std::string name;                     // for people; 1 to 64 characters
    std::vector<std::string> scopes;      // of core/scopes.hpp; at least one
    std::vector<std::string> devices;     // device id patterns with '*'; empty: all
    std::optional<Timestamp> expires;     // nullopt: never
    std::vector<std::string> networks{};  // "10.1.0.0/16", "fd00::1"; empty: from anywhere
};

struct CreatedKey {
    ApiKey key;
    Secret text;  // shown once; nobody can get it again
};

// Changes of keys and users. `origin` tells who asks, from where and through which interface; it
// becomes the row in the audit log. Thread-safe; blocks on the disk. Errors besides those named:
// those of the store. An invalid_argument begins with the name of the field: "scopes: …".
class KeyAdministration {
public:
    virtual ~KeyAdministration() = default;
    // With revoked and expired ones, oldest first. From memory.
    virtual std::vector<ApiKey> list() const = 0;
    // Errors: invalid_argument. The key works when this returns.
    virtual Result<CreatedKey> create(const KeySpec& spec, const AuditEntry& origin) = 0;
    // A successor with the same rights and lifetime; the old key ends after `overlap` (0 to 30
    // days), or earlier when it would have anyway. Errors: not_found, invalid_argument (revoked,
    // expired, rotated before).
    virtual Result<CreatedKey> rotate(
        std::string_view id, std::chrono::seconds overlap, const AuditEntry& origin
    ) = 0;
    // Errors: not_found. The key is refused when this returns.
    virtual Status revoke(std::string_view id, const AuditEntry& origin) = 0;
};

class UserAdministration {
public:
    virtual ~UserAdministration() = default;
    virtual std::vector<User> users() const = 0;  // by name; from memory
    virtual std::vector<Role> roles() const = 0;  // ready-made ones first; from memory
    // Adds or changes. Without a password an old one stays, and a new user comes in by certificate
    // only. Takes 30 ms with a password. Errors: invalid_argument (name, password of 8 to 1024
    // bytes, an unknown role).
    virtual Status set_user(
        std::string_view name,
        const std::optional<Secret>& password,
        const std::vector<std::string>& roles,
        const AuditEntry& origin
    ) = 0;
    // Errors: not_found. Its sessions end within a second.
    virtual Status remove_user(std::string_view name, const AuditEntry& origin) = 0;
    // Errors: invalid_argument (name, a pattern, a ready-made role).
    virtual Status set_role(const Role& role, const AuditEntry& origin) = 0;
    // Errors: not_found, invalid_argument (ready-made, or somebody has it).
    virtual Status remove_role(std::string_view name, const AuditEntry& origin) = 0;
};

}  // namespace modax
