// Randomness as a port: the operating system's in the gateway, a seed in tests and the simulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace modax {

// Thread-safe.
class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0;

    std::uint64_t next();
    // Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
};

// getrandom(2): fit for keys and tokens.
class SystemRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;
};

}  // namespace modax
