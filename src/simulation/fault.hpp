// Faults a simulated machine shows on demand, and how they are written on a command line:
//
//   KIND[:METRIC]@START[/DURATION][*MAGNITUDE]      for example spike:temperature@60s/10s*5
//
//   spike:METRIC  the value times MAGNITUDE                          5s, *3
//   drift:METRIC  the value moves away, to MAGNITUDE times at the end  10m, *1.5
//   stuck:METRIC  the value stays as it was at START                 1m
//   gap[:METRIC]  no value; without METRIC, nothing is sent at all   30s
//   imbalance     the spindle is out of balance, MAGNITUDE m/s² at full speed  10m, *2
//   decouple      the current goes against the load by that share    10m, *1
//   skew          the device's clock is MAGNITUDE seconds ahead      1h, *3600
//
// The figures behind are the defaults of DURATION and MAGNITUDE. Durations: "250ms", "60s", "1.5m",
// "2h", "1d". MAGNITUDE may be negative.
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace modax::simulation {

struct Fault {
    enum class Kind : std::uint8_t { spike, drift, stuck, gap, imbalance, decouple, skew };

    Kind kind = Kind::spike;
    std::string metric;  // empty: of the whole machine
    std::chrono::microseconds start{0};
    std::chrono::microseconds duration{0};
    double magnitude = 1;
    bool operator==(const Fault&) const = default;

    // Start inclusive, end exclusive.
    bool is_active(std::chrono::microseconds at) const {
        return at >= start && at < start + duration;
    }
};

// `metrics`: the names that may be used. Errors: invalid_argument, with what is wrong and an
// example.
Result<Fault> parse_fault(std::string_view text, std::span<const std::string_view> metrics);

// What a set of faults does to the values of one machine, in time order. Not thread-safe.
class FaultyView {
public:
    explicit FaultyView(std::vector<Fault> faults);

    // The value as the sensor shows it; NaN: it shows none.
    double shown(std::string_view metric, double value, std::chrono::microseconds at);
    // True: the device sends nothing.
    bool is_silent(std::chrono::microseconds at) const;
    // Of imbalance or decouple: the magnitudes that are active, added up.
    double strength(Fault::Kind kind, std::chrono::microseconds at) const;
    // How far its clock is ahead.
    std::chrono::microseconds clock_error(std::chrono::microseconds at) const;

private:
    struct Entry {
        Fault fault;
        double held = std::numeric_limits<double>::quiet_NaN();  // of a stuck sensor
    };

    std::vector<Entry> entries_;
};

}  // namespace modax::simulation
