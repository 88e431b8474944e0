// The two clocks as a port, so that tests and the simulator decide what time it is.
#pragma once

#include "core/time.hpp"

namespace modax {

// Thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    // Wall clock; may step. For what people and other systems see.
    virtual Timestamp now() const = 0;
    // Monotonic; for timeouts, leases and order inside the process.
    virtual SteadyTime steady_now() const = 0;
};

class SystemClock final : public Clock {
public:
    Timestamp now() const override;
    SteadyTime steady_now() const override;
};

}  // namespace modax
