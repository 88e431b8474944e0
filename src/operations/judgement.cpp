#include "operations/judgement.hpp"

#include "core/device.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace modax::operations {
namespace {

constexpr std::array<std::string_view, 7> k_statuses{
    "up", "running", "idle", "setup", "down", "maintenance", "offline"};
constexpr double k_relative_rounding = 1e-9;

bool at_most(double left, double right) {
    const double scale = std::max({std::abs(left), std::abs(right), 1e-300});
    return left <= right + scale * k_relative_rounding;
}

}  // namespace

Limits limits_of(const InspectionResult& result) {
    if (!result.lower && !result.upper && result.target && result.tolerance) {
        return {*result.target - *result.tolerance, *result.target + *result.tolerance};
    }
    return {result.lower, result.upper};
}

std::optional<bool> passes(const InspectionResult& result) {
    const auto [lower, upper] = limits_of(result);
    if (!lower && !upper) return std::nullopt;
    return (!lower || at_most(*lower, result.measured)) &&
           (!upper || at_most(result.measured, *upper));
}

void judge(InspectionReport& report) {
    bool failed = false;
    bool unknown = report.results.empty();
    for (InspectionResult& result : report.results) {
        result.passed = passes(result);
        failed = failed || result.passed == false;
        unknown = unknown || !result.passed;
    }
    report.computed = failed ? "failed" : unknown ? "unknown" : "passed";
}

bool is_known_status(std::string_view status) {
    return std::find(k_statuses.begin(), k_statuses.end(), status) != k_statuses.end();
}

bool is_downtime(std::string_view status) {
    return status == "down" || status == "maintenance";
}

std::string_view status_names() {
    return "up, running, idle, setup, down, maintenance, offline";
}

bool is_valid_key(std::string_view text) {
    return is_valid_device_id(text);
}

}  // namespace modax::operations
