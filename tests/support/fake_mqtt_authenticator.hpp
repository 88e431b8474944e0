// An MqttAuthenticator whose users and rights a test sets.
#pragma once

#include "core/principal.hpp"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace modax::test {

// Thread-safe. Anonymous clients are let in, unless a test says otherwise.
class FakeMqttAuthenticator final : public MqttAuthenticator {
public:
    void add_user(std::string user, std::string password) {
        const std::lock_guard lock{mutex_};
        users_[std::move(user)] = std::move(password);
    }
    void remove_user(const std::string& user) {
        const std::lock_guard lock{mutex_};
        users_.erase(user);
    }
    void refuse_anonymous() {
        const std::lock_guard lock{mutex_};
        anonymous_ = false;
    }
    // No topic and no filter that begins with it.
    void forbid(std::string prefix) {
        const std::lock_guard lock{mutex_};
        forbidden_.insert(std::move(prefix));
    }
    // Passwords are checked on the thread for that, as with Argon2id.
    void take_time() {
        const std::lock_guard lock{mutex_};
        takes_time_ = true;
    }
    // The common names of the client certificates that were shown.
    std::set<std::string> certificate_subjects() const {
        const std::lock_guard lock{mutex_};
        return subjects_;
    }

    Result<Principal> authenticate(const MqttCredentials& credentials) override {
        const std::lock_guard lock{mutex_};
        return check(credentials);
    }
    std::optional<Result<Principal>> try_authenticate(const MqttCredentials& credentials
    ) const override {
        const std::lock_guard lock{mutex_};
        if (takes_time_) return std::nullopt;
        return check(credentials);
    }
    bool may_stay(const Principal& principal) const override {
        const std::lock_guard lock{mutex_};
        return principal.kind != "mqtt_user" || users_.count(principal.name) != 0;
    }
    bool may_publish(const Principal&, std::string_view topic) const override {
        return !is_forbidden(topic);
    }
    bool may_subscribe(const Principal&, std::string_view filter) const override {
        return !is_forbidden(filter);
    }

private:
    Result<Principal> check(const MqttCredentials& credentials) const {
        if (!credentials.certificate_subject.empty()) {
            subjects_.insert(credentials.certificate_subject);
        }
        Principal principal;
        if (credentials.user.empty()) {
            if (!anonymous_) return fail(Errc::unauthenticated, "no user");
            principal.kind = "anonymous";
            return principal;
        }
        const auto user = users_.find(credentials.user);
        if (user == users_.end() || user->second != credentials.password) {
            return fail(Errc::unauthenticated, "wrong user or password");
        }
        principal.kind = "mqtt_user";
        principal.name = credentials.user;
        return principal;
    }
    bool is_forbidden(std::string_view text) const {
        const std::lock_guard lock{mutex_};
        for (const std::string& prefix : forbidden_) {
            if (text.starts_with(prefix)) return true;
        }
        return false;
    }

    mutable std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> users_;
    std::set<std::string> forbidden_;
    mutable std::set<std::string> subjects_;
    bool anonymous_ = true;
    bool takes_time_ = false;
};

}  // namespace modax::test
