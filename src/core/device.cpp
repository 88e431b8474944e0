#include "core/device.hpp"

#include <algorithm>
#include <array>
#include <mutex>

namespace modax {
namespace {

constexpr std::size_t k_max_device_id = 64;

bool is_alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// The form in which ids are compared; kept on the stack, since every reading needs one.
class Key {
public:
    explicit Key(std::string_view id) : size_{std::min(id.size(), k_max_device_id)} {
        std::transform(
            id.begin(),
            id.begin() + static_cast<std::ptrdiff_t>(size_),
            text_.begin(),
            [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
        );
    }
    std::string str() const { return {text_.data(), size_}; }

private:
    std::array<char, k_max_device_id> text_{};
    std::size_t size_;
};

}  // namespace

bool is_valid_device_id(std::string_view id) {
    if (id.empty() || id.size() > k_max_device_id || !is_alphanumeric(id.front())) return false;
    return std::all_of(id.begin(), id.end(), [](char c) {
        return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
    });
}

const Device* DeviceRegistry::find(std::string_view id) const {
    if (id.size() > k_max_device_id) return nullptr;
    const auto key = Key{id}.str();
    const std::shared_lock lock{mutex_};
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : found->second;
}

const Device* DeviceRegistry::find(std::uint32_t number) const {
    const std::shared_lock lock{mutex_};
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? nullptr : found->second;
}

Result<const Device*> DeviceRegistry::find_or_register(std::string_view id, Timestamp now) {
    if (const Device* known = find(id)) return known;
    if (!is_valid_device_id(id)) {
        return fail(Errc::invalid_argument, "device_id must match [A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    }
    const std::unique_lock lock{mutex_};
    const auto found = by_key_.find(Key{id}.str());
    if (found != by_key_.end()) return found->second;
    return add(next_number_, std::string{id}, now);
}

const Device* DeviceRegistry::restore(std::uint32_t number, std::string id, Timestamp registered) {
    const std::unique_lock lock{mutex_};
    return add(number, std::move(id), registered);
}

const Device* DeviceRegistry::add(std::uint32_t number, std::string id, Timestamp registered) {
    auto key = Key{id}.str();
    const Device& device = devices_.emplace_back(number, std::move(id), registered);
    by_key_.emplace(std::move(key), &device);
    by_number_.emplace(number, &device);
    next_number_ = std::max(next_number_, number + 1);
    return &device;
}

std::vector<const Device*> DeviceRegistry::all() const {
    const std::shared_lock lock{mutex_};
    std::vector<const Device*> devices;
    devices.reserve(devices_.size());
    for (const Device& device : devices_) devices.push_back(&device);
    return devices;
}

std::size_t DeviceRegistry::size() const {
    const std::shared_lock lock{mutex_};
    return devices_.size();
}

}  // namespace modax
