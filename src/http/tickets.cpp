#include "http/tickets.hpp"

#include <array>
#include <cstddef>

namespace modax::http {

std::optional<std::string> Tickets::issue(std::string_view key) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    std::array<std::byte, 20> bytes{};
    random_.fill(bytes);
    std::string ticket;
    for (const std::byte byte : bytes) {
        ticket += k_hex[std::to_integer<unsigned>(byte) >> 4U];
        ticket += k_hex[std::to_integer<unsigned>(byte) & 0xFU];
    }
    const auto now = clock_.steady_now();
    const std::lock_guard lock{mutex_};
    std::erase_if(open_, [now](const auto& entry) { return entry.second.expires <= now; });
    if (open_.size() >= k_max_open) return std::nullopt;
    open_.insert_or_assign(ticket, Open{Secret{key}, now + k_life});
    return ticket;
}

std::optional<Secret> Tickets::redeem(std::string_view ticket) {
    const auto now = clock_.steady_now();
    const std::lock_guard lock{mutex_};
    const auto found = open_.find(ticket);
    if (found == open_.end()) return std::nullopt;
    std::optional<Secret> key;
    if (found->second.expires > now) key = std::move(found->second.key);
    open_.erase(found);
    return key;
}

}  // namespace modax::http
