// Who may use MQTT, and which topics: users with passwords, client certificates, and on loopback
// nobody in particular. Source: PROMISES 3.2 and 3.4. Owned by app.
#pragma once

#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/principal.hpp"
#include "core/random.hpp"
#include "core/secret.hpp"
#include "security/digest.hpp"
#include "security/users_file.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace modax::security {

struct MqttUsersOptions {
    std::filesystem::path users_file;  // empty: no users
    bool allow_anonymous_on_loopback = false;
    // A client that sends no user name is the user whom its certificate names.
    bool certificate_identity = false;
    std::string topic_prefix = "modax";
};

// Thread-safe. reload() and authenticate() take their time, so never on an I/O thread.
class MqttUsers final : public MqttAuthenticator, public MetricSource {
public:
    // The three objects must outlive this one. Throws std::runtime_error without OpenSSL, memory.
    MqttUsers(MqttUsersOptions options, const FileSystem& files, Random& random, Log& log);

    // Reads the users file; call it at start and when the file was changed. A missing file means
    // no users. Warns of a file that others may read. Errors: invalid_argument (file, line, what to
    // do), io_error; the users of before stay.
    Status reload();

    // 30 ms and more (Argon2id), also for an unknown user. Errors: unauthenticated, the same
    // for everyone.
    Result<Principal> authenticate(const MqttCredentials& credentials) override;
    std::optional<Result<Principal>> try_authenticate(const MqttCredentials& credentials
    ) const override;

    // Denied: topics that begin with '$', and the gateway's own <prefix>/ai, /system and /control.
    bool may_publish(const Principal& principal, std::string_view topic) const override;
    // Denied: filters that begin with '$' ($share/<group>/ is looked behind).
    bool may_subscribe(const Principal& principal, std::string_view filter) const override;

    // modax_security_mqtt_denied_total, modax_security_mqtt_users
    void collect(MetricSink& sink) const override;

private:
    std::shared_ptr<const UserTable> users() const;
    // What can be said without looking at a password.
    std::optional<Result<Principal>> decide(
        const MqttCredentials& credentials, const UserTable& users
    ) const;
    Digest proof(const MqttCredentials& credentials, std::string_view hash) const;
    tl::unexpected<Error> deny() const;

    const MqttUsersOptions options_;
    const FileSystem& files_;
    Log& log_;
    // A new one for each process, so that what memory holds of a password helps nobody.
    std::array<std::byte, 32> process_key_{};
    std::string nobody_hash_;  // verified against when the user is unknown
    mutable std::mutex mutex_;
    std::shared_ptr<const UserTable> users_;
    // By user, at most one each: a keyed digest of the password that was verified last.
    std::unordered_map<std::string, Digest> verified_;
    mutable std::atomic<std::uint64_t> denied_{0};
};

}  // namespace modax::security
