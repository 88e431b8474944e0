// Overall equipment effectiveness (ISO 22400-2): availability * performance * quality, with what
// each was made from. Pure: made anew from what is stored, so late data needs no case of its own.
#pragma once

#include <chrono>
#include <optional>

namespace modax::operations {

struct OeeInput {
    std::chrono::microseconds planned{0};
    std::chrono::microseconds downtime{0};  // of the planned time
    double produced = 0;                    // good ones
    double rejected = 0;
    // What everything made takes at best; empty when an order does not tell its ideal cycle.
    std::optional<double> ideal_seconds{};
};

struct Oee {
    std::optional<double> availability{};  // empty: nothing was planned
    std::optional<double> performance{};   // above 1 when it was faster than ideal
    std::optional<double> quality{};       // empty: nothing was made
    std::optional<double> oee{};           // empty unless all three are there
};

Oee oee_of(const OeeInput& input);

}  // namespace modax::operations
