// How capable a process is and whether it is in control, from single values in the order in which
// they were measured. Pure. Sources: ISO 22514-2 (Cp, Cpk, Pp, Ppk), Western Electric Statistical
// Quality Control Handbook 1956 (the four rules).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace modax::operations {

struct Limits {
    std::optional<double> lower{};
    std::optional<double> upper{};
};

// What a rule says: the pattern that ends at value `index`.
struct Signal {
    std::string_view rule{};
    std::size_t index = 0;
};

struct Capability {
    std::size_t count = 0;
    double mean = 0;
    double deviation = 0;  // of all values, n - 1
    double within = 0;     // mean moving range / 1.128
    // Empty where a limit, or any variation, is missing.
    std::optional<double> cp{};
    std::optional<double> cpk{};
    std::optional<double> pp{};
    std::optional<double> ppk{};
    std::vector<Signal> signals{};  // by index
};

Capability capability_of(std::span<const double> values, const Limits& limits);

}  // namespace modax::operations
