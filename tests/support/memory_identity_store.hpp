// Keys, users and roles in memory, with the records of their changes, and with failures on demand.
#pragma once

#include "core/identity.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace modax::test {

// Thread-safe.
class MemoryIdentityStore final : public KeyStore, public UserStore {
public:
    Result<std::vector<ApiKey>> keys() const override {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        return keys_;
    }
    Status insert(const ApiKey& key, const AuditEntry& record) override {
        return change(record, [&]() -> Status {
            if (find(key.id) != keys_.end()) return fail(Errc::already_exists, "key " + key.id);
            keys_.push_back(key);
            return {};
        });
    }
    Status rotate(
        const ApiKey& successor, std::string_view old_id, Timestamp end, const AuditEntry& record
    ) override {
        return change(record, [&]() -> Status {
            const auto old = find(old_id);
            if (old == keys_.end()) return fail(Errc::not_found, "key " + std::string{old_id});
            old->successor = successor.id;
            old->expires = end;
            keys_.push_back(successor);
            return {};
        });
    }
    Status revoke(std::string_view id, const AuditEntry& record) override {
        return change(record, [&]() -> Status {
            const auto key = find(id);
            if (key == keys_.end()) return fail(Errc::not_found, "key " + std::string{id});
            key->revoked = true;
            return {};
        });
    }
    Status note_uses(std::span<const Use> uses) override {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        for (const Use& use : uses) find(use.id)->last_used = use.last;
        ++uses_noted_;
        return {};
    }

    Result<std::vector<User>> users() const override { return values_of(users_); }
    Status put(const User& user, const AuditEntry& record) override {
        return change(record, [&]() -> Status {
            users_[user.name] = user;
            return {};
        });
    }
    Status remove_user(std::string_view name, const AuditEntry& record) override {
        return remove(users_, name, record);
    }
    Result<std::vector<Role>> roles() const override { return values_of(roles_); }
    Status put(const Role& role, const AuditEntry& record) override {
        return change(record, [&]() -> Status {
            roles_[role.name] = role;
            return {};
        });
    }
    Status remove_role(std::string_view name, const AuditEntry& record) override {
        return remove(roles_, name, record);
    }
    Result<std::int64_t> identity_version() const override {
        const std::lock_guard lock{mutex_};
        return static_cast<std::int64_t>(records_.size());
    }

    // Every call fails with it until it is nullopt again.
    void fail_with(std::optional<Error> failure) {
        const std::lock_guard lock{mutex_};
        failure_ = std::move(failure);
    }
    std::vector<AuditEntry> records() const {
        const std::lock_guard lock{mutex_};
        return records_;
    }
    int uses_noted() const {
        const std::lock_guard lock{mutex_};
        return uses_noted_;
    }

private:
    template <typename Change>
    Status change(const AuditEntry& record, const Change& make) {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        Status made = make();
        if (made) records_.push_back(record);
        return made;
    }
    template <typename Item>
    Result<std::vector<Item>> values_of(const std::map<std::string, Item, std::less<>>& items
    ) const {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        std::vector<Item> values;
        for (const auto& [name, item] : items) values.push_back(item);
        return values;
    }
    template <typename Items>
    Status remove(Items& items, std::string_view name, const AuditEntry& record) {
        return change(record, [&]() -> Status {
            const auto found = items.find(name);
            if (found == items.end()) return fail(Errc::not_found, "no " + std::string{name});
            items.erase(found);
            return {};
        });
    }
    std::vector<ApiKey>::iterator find(std::string_view id) {
        return std::find_if(keys_.begin(), keys_.end(), [id](const ApiKey& key) {
            return key.id == id;
        });
    }

    mutable std::mutex mutex_;
    std::vector<ApiKey> keys_;
    std::map<std::string, User, std::less<>> users_;
    std::map<std::string, Role, std::less<>> roles_;
    std::vector<AuditEntry> records_;
    std::optional<Error> failure_;
    int uses_noted_ = 0;
};

}  // namespace modax::test
