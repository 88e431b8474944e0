// Devices: who they are and the registry that gives each one number for the life of the store.
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace modax {

// True for [A-Za-z0-9][A-Za-z0-9._-]{0,63}.
bool is_valid_device_id(std::string_view id);

// One device. Lives as long as its registry, so that `const Device*` may be kept anywhere.
class Device {
public:
    Device(std::uint32_t number, std::string id, Timestamp registered)
        : number_{number}, id_{std::move(id)}, registered_{registered} {}

    // Primary key in the landing store; from 1.
    std::uint32_t number() const { return number_; }
    // As first seen; compared case-insensitively.
    const std::string& id() const { return id_; }
    Timestamp registered() const { return registered_; }

    // What the last safety status said; nullopt until there was one. Thread-safe.
    std::optional<bool> last_is_safe() const {
        const auto value = last_is_safe_.load(std::memory_order_relaxed);
        if (value < 0) return std::nullopt;
        return value != 0;
    }
    void set_last_is_safe(bool value) const {
        last_is_safe_.store(value ? 1 : 0, std::memory_order_relaxed);
    }

private:
    std::uint32_t number_;
    std::string id_;
    Timestamp registered_;
    mutable std::atomic<std::int8_t> last_is_safe_{-1};
};

// All devices by id. Thread-safe. Devices are only ever added.
class DeviceRegistry {
public:
    // nullptr when unknown.
    const Device* find(std::string_view id) const;
    const Device* find(std::uint32_t number) const;
    // The device of that id, registered now if it is new (with the next free number).
    // Errors: invalid_argument when the id is not valid.
    Result<const Device*> find_or_register(std::string_view id, Timestamp now);
    // Puts back what the store knows; only at start, in any order. Numbers must be unique.
    const Device* restore(std::uint32_t number, std::string id, Timestamp registered);
    // In order of registration.
    std::vector<const Device*> all() const;
    std::size_t size() const;

private:
    const Device* add(std::uint32_t number, std::string id, Timestamp registered);

    mutable std::shared_mutex mutex_;
    std::deque<Device> devices_;                             // a deque, because addresses must stay
    std::unordered_map<std::string, const Device*> by_key_;  // lower-case id
    std::unordered_map<std::uint32_t, const Device*> by_number_;
    std::uint32_t next_number_ = 1;
};

}  // namespace modax
