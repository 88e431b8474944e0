// One-use tickets that let a browser open a WebSocket, as it can't send X-API-Key there
// (PROMISES 3.1). A ticket stands for the key it was got with, for 30 s.
#pragma once

#include "core/clock.hpp"
#include "core/random.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace modax::http {

// Thread-safe.
class Tickets {
public:
    static constexpr std::chrono::seconds k_life{30};
    static constexpr std::size_t k_max_open = 1000;

    Tickets(const Clock& clock, Random& random) : clock_{clock}, random_{random} {}

    // nullopt when too many are open.
    std::optional<std::string> issue(std::string_view key);
    // The key behind the ticket, once; nullopt when unknown, used or too old.
    std::optional<Secret> redeem(std::string_view ticket);

private:
    struct Open {
        Secret key;
        SteadyTime expires;
    };

    const Clock& clock_;
    Random& random_;
    std::mutex mutex_;
    std::map<std::string, Open, std::less<>> open_;
};

}  // namespace modax::http
