#include "analysis/surprise.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace modax::analysis {
namespace {

constexpr std::uint64_t k_range_from = 50;      // samples before the range means something
constexpr std::uint64_t k_sequence_from = 200;  // samples before the sequence does
constexpr double k_range_tolerance = 0.05;      // of the range seen so far
constexpr double k_share_of_rest = 0.3;         // statistics beside the leading one
constexpr double k_clear = 2;                   // a statistic beyond it is learned slowly
constexpr double k_slow_learning = 0.3;
constexpr double k_change_clip = 8;
// News grows old over this many samples, longer on a signal with a long past.
constexpr double k_news_span = 120;
constexpr double k_news_span_share = 0.005;
constexpr double k_tiny = 1e-12;

constexpr std::size_t at(Statistic statistic) {
    return static_cast<std::size_t>(statistic);
}

}  // namespace

Surprise SurpriseDetector::step(
    Timestamp time, double value, double interval_seconds, bool learning
) {
    if (count_ == 0) {
        lowest_ = highest_ = previous_ = value;
        fast_.add(value);
        level_.add(value);
        slow_.add(value);
        ++count_;
        return {};
    }
    std::array<double, k_statistic_count> values{};
    values[at(Statistic::residual)] = std::abs(value - fast_.mean());
    values[at(Statistic::level)] = std::abs(level_.with(value) - slow_.location());
    const double scale = std::max(slow_.scale(), k_tiny);
    const double usual = std::max(change_.mean(), k_tiny);
    const double change = std::min(std::abs(value - previous_), k_change_clip * usual);
    const double floor = 1e-3 * scale + k_tiny;
    values[at(Statistic::variance)] =
        std::abs(std::log((recent_change_.with(change) + floor) / (change_.mean() + floor)));
    const auto expected = profile_.expected(time, interval_seconds);
    daytime_.add(expected ? value - *expected : 0);
    values[at(Statistic::daytime)] = expected ? std::abs(daytime_.mean()) : 0;
    values[at(Statistic::sequence)] = occupancy_.rarity(value);

    std::array<double, k_statistic_count> surprises{};
    double pointwise = 0;
    for (const auto statistic :
         {Statistic::residual, Statistic::level, Statistic::variance, Statistic::daytime}) {
        surprises[at(statistic)] = tails_[at(statistic)].surprise(values[at(statistic)]);
        pointwise = std::max(pointwise, std::min(surprises[at(statistic)], 2.0));
    }
    const double beyond = std::max({value - highest_, lowest_ - value, 0.0});
    const double range = highest_ - lowest_;
    const double share = range > 0 ? beyond / range : (beyond > 0 ? 1.0 : 0.0);
    if (count_ >= k_range_from && share > k_range_tolerance) {
        surprises[at(Statistic::range)] = 1 + 1.5 * std::min(1.0, 4 * share);
    }
    cluster_.add(pointwise);
    values[at(Statistic::cluster)] = cluster_.mean();
    for (const auto statistic : {Statistic::cluster, Statistic::sequence}) {
        surprises[at(statistic)] = tails_[at(statistic)].surprise(values[at(statistic)]);
    }
    if (count_ < k_sequence_from) surprises[at(Statistic::sequence)] = 0;

    // Alone, a level is the matter of LevelMonitor.
    const double of_level = std::exchange(surprises[at(Statistic::level)], 0.0);

    Surprise found;
    double sum = 0;
    for (std::size_t i = 0; i < k_statistic_count; ++i) {
        sum += surprises[i];
        if (surprises[i] <= found.leading_value) continue;
        found.leading_value = surprises[i];
        found.leading = static_cast<Statistic>(i);
    }
    found.total = found.leading_value + k_share_of_rest * (sum - found.leading_value);
    found.news = std::max(0.0, found.total - known_);
    const double span = k_news_span + k_news_span_share * static_cast<double>(count_);
    known_ = std::max(known_ * (1 - 1 / span), found.total);

    for (std::size_t i = 0; i < k_statistic_count; ++i) {
        const auto statistic = static_cast<Statistic>(i);
        if (statistic == Statistic::range || (statistic == Statistic::daytime && !expected)) {
            continue;
        }
        const bool slowly = (statistic == Statistic::level ? of_level : surprises[i]) > k_clear &&
                            statistic != Statistic::cluster;
        const double weight = !learning ? 0 : slowly ? k_slow_learning : 1;
        if (weight > 0) tails_[i].learn(values[i], weight);
    }
    if (learning) slow_.add(value);
    learn(time, value, interval_seconds);
    return found;
}

// What follows the signal in any case.
void SurpriseDetector::learn(Timestamp time, double value, double interval_seconds) {
    ++count_;
    const double size = std::abs(value - previous_);
    const double usual = change_.mean();
    const bool free = count_ < RobustBaseline::k_free || usual <= k_tiny;
    const double change = free ? size : std::min(size, k_change_clip * usual);
    change_.add(change);
    recent_change_.add(change);
    fast_.add(value);
    level_.add(value);
    profile_.learn(time, value, interval_seconds);
    lowest_ = std::min(lowest_, value);
    highest_ = std::max(highest_, value);
    previous_ = value;
}

}  // namespace modax::analysis
