// API keys in memory, with failures on demand.
#pragma once

#include "core/principal.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace modax::test {

// Thread-safe.
class MemoryKeyStore final : public KeyStore {
public:
    Result<std::vector<ApiKey>> keys() const override {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        return keys_;
    }
    Status insert(const ApiKey& key) override {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        if (find(key.id) != keys_.end()) return fail(Errc::already_exists, "key " + key.id);
        keys_.push_back(key);
        return {};
    }
    Status revoke(std::string_view id) override {
        const std::lock_guard lock{mutex_};
        if (failure_) return tl::make_unexpected(*failure_);
        const auto key = find(id);
        if (key == keys_.end()) return fail(Errc::not_found, "key " + std::string{id});
        key->revoked = true;
        return {};
    }
    // Every call fails with it until it is nullopt again.
    void fail_with(std::optional<Error> failure) {
        const std::lock_guard lock{mutex_};
        failure_ = std::move(failure);
    }

private:
    std::vector<ApiKey>::iterator find(std::string_view id) {
        return std::find_if(keys_.begin(), keys_.end(), [id](const ApiKey& key) {
            return key.id == id;
        });
    }

    mutable std::mutex mutex_;
    std::vector<ApiKey> keys_;
    std::optional<Error> failure_;
};

}  // namespace modax::test
