// The circuit of one connector: after failures in a row nothing is sent for a while, then one call
// tries. So a peer that is away costs no attempts. Not thread-safe.
#pragma once

#include "core/time.hpp"

#include <chrono>

namespace modax::delivery {

class Circuit {
public:
    bool allows(SteadyTime now) const { return now >= not_before_; }
    // How long until the next call may go; 0 when it may now.
    std::chrono::milliseconds wait(SteadyTime now) const;
    bool open() const { return failures_ >= k_threshold; }

    void succeeded();
    void failed(SteadyTime now);
    // Opens at once: more calls would fail alike until a person has acted.
    void trip(SteadyTime now);

private:
    static constexpr unsigned k_threshold = 5;
    static constexpr std::chrono::milliseconds k_shortest{1000};
    static constexpr std::chrono::milliseconds k_longest{60'000};

    void pause(SteadyTime now);

    unsigned failures_ = 0;
    std::chrono::milliseconds pause_{k_shortest};
    SteadyTime not_before_{};  // nothing before it
};

}  // namespace modax::delivery
