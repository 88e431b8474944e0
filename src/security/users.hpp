// Users and their roles: who may use MQTT, and which topics. They come in with a password, with a
// client certificate, or on loopback as nobody in particular. Source: PROMISES 3.2 and 3.4. Owned
// by app.
#pragma once

#include "core/clock.hpp"
#include "core/identity.hpp"
#include "core/metrics.hpp"
#include "core/random.hpp"
#include "core/secret.hpp"
#include "core/session_identity.hpp"
#include "security/digest.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace modax::security {

struct UsersOptions {
    bool allow_anonymous_on_loopback = false;
    // A client that sends no user name is the user whom its certificate names.
    bool certificate_identity = false;
    std::string topic_prefix = "modax";
};

// Thread-safe. Changes, load() and authenticate() take their time, so never on an I/O thread.
class Users final : public MqttAuthenticator,
                    public SessionAuthenticator,
                    public UserAdministration,
                    public MetricSource {
public:
    // The three objects must outlive this one. Throws std::runtime_error without OpenSSL, memory.
    Users(UsersOptions options, UserStore& store, const Clock& clock, Random& random);

    // Reads users and roles from the store; at start, and when its identity_version() has risen.
    Status load();

    // UserAdministration
    std::vector<User> users() const override;
    std::vector<Role> roles() const override;
    Status set_user(
        std::string_view name,
        const std::optional<Secret>& password,
        const std::vector<std::string>& roles,
        const AuditEntry& origin
    ) override;
    Status remove_user(std::string_view name, const AuditEntry& origin) override;
    Status set_role(const Role& role, const AuditEntry& origin) override;
    Status remove_role(std::string_view name, const AuditEntry& origin) override;
    // Takes a user over whose password was hashed before. Errors: invalid_argument.
    Status import_user(
        std::string_view name,
        std::string_view password_hash,
        const std::vector<std::string>& roles,
        const AuditEntry& origin
    );

    // 30 ms and more (Argon2id), also for an unknown user. Errors: unauthenticated, the same
    // for everyone.
    Result<Principal> authenticate(const MqttCredentials& credentials) override;
    std::optional<Result<Principal>> try_authenticate(const MqttCredentials& credentials
    ) const override;
    bool may_stay(const Principal& principal) const override;

    // Besides what the roles do not allow, denied: topics that begin with '$', and the gateway's
    // own <prefix>/ai, /system and /control.
    bool may_publish(const Principal& principal, std::string_view topic) const override;
    // Denied: filters that begin with '$' ($share/<group>/ is looked behind), and what the roles do
    // not cover as a whole.
    bool may_subscribe(const Principal& principal, std::string_view filter) const override;

    // SessionAuthenticator
    std::optional<Result<Principal>> try_login(std::string_view user, std::string_view password)
        const override;
    Result<Principal> login(std::string_view user, std::string_view password) override;
    Result<Principal> login_by_certificate(std::string_view common_name) const override;
    bool may_remain(const Principal& principal) const override { return may_stay(principal); }
    bool may_read_device(const Principal& principal, std::string_view device_id) const override;
    bool may_read_production(const Principal& principal) const override;
    bool may_acknowledge(const Principal& principal, std::string_view device_id) const override;

    // modax_security_mqtt_denied_total, modax_security_users
    void collect(MetricSink& sink) const override;

private:
    // Never changed once it is made; a change makes a new one.
    struct Table {
        std::map<std::string, User, std::less<>> users;
        std::map<std::string, Role, std::less<>> roles;  // with the ready-made ones
    };

    std::shared_ptr<const Table> table() const;
    Status put(User user, std::string_view action, const AuditEntry& origin);
    Principal principal_of(
        std::string_view kind, const User& user, const Table& table, std::string_view client_id
    ) const;
    // What can be said without looking at a password.
    std::optional<Result<Principal>> decide(const MqttCredentials& credentials, const Table& table)
        const;
    Digest proof(const MqttCredentials& credentials, std::string_view hash) const;
    tl::unexpected<Error> deny() const;

    const UsersOptions options_;
    const std::vector<Role> ready_made_;
    UserStore& store_;
    const Clock& clock_;
    Random& random_;
    // A new one for each process, so that what memory holds of a password helps nobody.
    std::array<std::byte, 32> process_key_{};
    std::string nobody_hash_;  // verified against when the user is unknown
    std::mutex changing_;      // one change at a time, from the store to the table
    mutable std::mutex mutex_;
    std::shared_ptr<const Table> table_;
    // By user, at most one each: a keyed digest of the password that was verified last.
    std::unordered_map<std::string, Digest> verified_;
    mutable std::atomic<std::uint64_t> denied_{0};
};

}  // namespace modax::security
