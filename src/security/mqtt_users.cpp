#include "security/mqtt_users.hpp"

#include "security/base62.hpp"
#include "security/password.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace modax::security {
namespace {

Principal principal_of(std::string kind, std::string name) {
    return {std::move(kind), std::move(name), {"mqtt:publish", "mqtt:subscribe"}, {}};
}

// Takes `level` and the '/' behind it from the start of `topic`.
bool take_level(std::string_view& topic, std::string_view level) {
    if (!topic.starts_with(level) || topic.size() <= level.size() || topic[level.size()] != '/') {
        return false;
    }
    topic.remove_prefix(level.size() + 1);
    return true;
}

}  // namespace

MqttUsers::MqttUsers(MqttUsersOptions options, const FileSystem& files, Random& random, Log& log)
    : options_{std::move(options)},
      files_{files},
      log_{log},
      users_{std::make_shared<const UserTable>()} {
    random.fill(process_key_);
    auto hash = hash_password(random_base62(random, 32), random);
    if (!hash) throw std::runtime_error{hash.error().detail};
    nobody_hash_ = std::move(*hash);
}

Status MqttUsers::reload() {
    UserTable read;
    const auto& path = options_.users_file;
    if (path.empty() || !files_.exists(path)) {
        log_.info(
            "security",
            "there is no MQTT users file, so no user can connect; make one with `modax user set`",
            {{"file", path.string()}}
        );
    } else {
        const auto content = files_.read(path);
        if (!content) return tl::make_unexpected(content.error());
        auto parsed = parse_users(path, *content);
        if (!parsed) return tl::make_unexpected(parsed.error());
        read = std::move(*parsed);
        constexpr auto k_others =
            std::filesystem::perms::group_all | std::filesystem::perms::others_all;
        std::error_code code;
        const auto mode = std::filesystem::status(path, code).permissions();
        if (!code && (mode & k_others) != std::filesystem::perms::none) {
            log_.warn(
                "security",
                "the MQTT users file is open to other users of this machine; run chmod 600 on it",
                {{"file", path.string()}}
            );
        }
    }
    const std::lock_guard lock{mutex_};
    std::erase_if(verified_, [&](const auto& entry) { return !read.contains(entry.first); });
    users_ = std::make_shared<const UserTable>(std::move(read));
    return {};
}

Result<Principal> MqttUsers::authenticate(const MqttCredentials& credentials) {
    const auto table = users();
    if (auto decided = decide(credentials, *table)) return std::move(*decided);
    const auto user = table->find(credentials.user);
    const bool known = user != table->end() && user->second != k_no_password;
    // Always verified, so that the time does not tell which users there are.
    const std::string& hash = known ? user->second : nobody_hash_;
    if (!verify_password(hash, credentials.password) || !known) return deny();
    const Digest digest = proof(credentials, hash);
    const std::lock_guard lock{mutex_};
    verified_[credentials.user] = digest;
    return principal_of("mqtt_user", credentials.user);
}

std::optional<Result<Principal>> MqttUsers::try_authenticate(const MqttCredentials& credentials
) const {
    const auto table = users();
    if (auto decided = decide(credentials, *table)) return decided;
    const auto user = table->find(credentials.user);
    if (user == table->end()) return std::nullopt;
    // The proof covers the hash, so it is void once the password was changed.
    const Digest digest = proof(credentials, user->second);
    const std::lock_guard lock{mutex_};
    const auto verified = verified_.find(credentials.user);
    if (verified == verified_.end() || !equal_in_constant_time(verified->second, digest)) {
        return std::nullopt;
    }
    return principal_of("mqtt_user", credentials.user);
}

std::optional<Result<Principal>> MqttUsers::decide(
    const MqttCredentials& credentials, const UserTable& users
) const {
    if (!credentials.user.empty()) return std::nullopt;
    const std::string& subject = credentials.certificate_subject;
    if (options_.certificate_identity && !subject.empty()) {
        if (!users.contains(subject)) return deny();
        return principal_of("certificate", subject);
    }
    // A password without a user name is a user who was forgotten, not nobody.
    if (options_.allow_anonymous_on_loopback && credentials.loopback &&
        credentials.password.empty()) {
        return principal_of("anonymous", "anonymous");
    }
    return deny();
}

bool MqttUsers::may_publish(const Principal&, std::string_view topic) const {
    if (topic.starts_with('$')) return false;
    if (!take_level(topic, options_.topic_prefix)) return true;
    const std::string_view level = topic.substr(0, topic.find('/'));
    return level != "ai" && level != "system" && level != "control";
}

bool MqttUsers::may_subscribe(const Principal&, std::string_view filter) const {
    if (take_level(filter, "$share")) {
        const auto slash = filter.find('/');
        if (slash == std::string_view::npos) return false;
        filter.remove_prefix(slash + 1);
    }
    return !filter.starts_with('$');
}

void MqttUsers::collect(MetricSink& sink) const {
    sink.counter(
        "modax_security_mqtt_denied_total",
        "MQTT clients whose credentials were refused.",
        static_cast<double>(denied_.load(std::memory_order_relaxed))
    );
    sink.gauge(
        "modax_security_mqtt_users",
        "Users in the MQTT users file.",
        static_cast<double>(users()->size())
    );
}

std::shared_ptr<const UserTable> MqttUsers::users() const {
    const std::lock_guard lock{mutex_};
    return users_;
}

Digest MqttUsers::proof(const MqttCredentials& credentials, std::string_view hash) const {
    // Neither a name of the table nor a hash holds a NUL, so the parts can't be shifted.
    const Secret text{credentials.user + '\0' + std::string{hash} + '\0' + credentials.password};
    return hmac_sha256(process_key_, text.reveal());
}

tl::unexpected<Error> MqttUsers::deny() const {
    denied_.fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::unauthenticated, "user name or password is not valid");
}

}  // namespace modax::security
