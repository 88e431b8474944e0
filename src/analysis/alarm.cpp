#include "analysis/alarm.hpp"

#include <algorithm>

namespace modax::analysis {
namespace {

constexpr std::int64_t k_hour = 3'600'000'000;
constexpr double k_break_through = 1;  // decades stronger than the strongest: ten times

}  // namespace

bool Alarm::flooded(Timestamp now, double decades) {
    std::erase_if(recent_, [&](std::int64_t at) { return to_micros(now) - at > k_hour; });
    if (recent_.empty()) strongest_ = 0;
    if (recent_.size() >= options_.most_per_hour && decades < strongest_ + k_break_through) {
        return true;
    }
    if (recent_.size() < 4 * static_cast<std::size_t>(options_.most_per_hour)) {
        recent_.push_back(to_micros(now));
    }
    strongest_ = std::max(strongest_, decades);
    return false;
}

bool Alarm::step(Timestamp now, bool condition, double decades) {
    const std::int64_t micros = to_micros(now);
    if (condition && !condition_was_) {
        // A condition that comes back within the off-delay is the same one.
        if (!pending_ && !active_) began_ = micros;
        pending_ = true;
    }
    condition_was_ = condition;
    if (condition) ended_ = micros;

    const auto off = std::chrono::microseconds{options_.off_delay}.count();
    const bool over = !condition && micros - ended_ >= off;
    if (over) {
        pending_ = false;
        shelved_now_ = false;
    }
    if (active_) {
        if (!over || (options_.latch && !acknowledged_)) return false;
        active_ = false;
        return true;
    }
    const auto on = std::chrono::microseconds{options_.on_delay}.count();
    if (!condition || shelved_now_ || micros - began_ < on) return false;
    if (flooded(now, decades)) {
        shelved_now_ = true;
        ++shelved_;
        return false;
    }
    active_ = true;
    acknowledged_ = false;
    ++event_;
    since_ = now;
    return true;
}

bool Alarm::acknowledge(Timestamp now) {
    if (!active_ || acknowledged_) return false;
    acknowledged_ = true;
    const auto off = std::chrono::microseconds{options_.off_delay}.count();
    if (!condition_was_ && to_micros(now) - ended_ >= off) active_ = false;
    return true;
}

}  // namespace modax::analysis
