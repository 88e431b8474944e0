#include "analysis/describe.hpp"

#include "analysis/device_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace modax::analysis {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> k_units{
    {{"temperature", " °C"},
     {"current", " A"},
     {"vibration", " m/s²"},
     {"spindle_speed", " 1/min"},
     {"power_kw", " kW"},
     {"feed_rate", " mm/min"}}};

std::string with_unit(std::string_view name, double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g", value);
    std::string out{text.data()};
    for (const auto& [known, unit] : k_units) {
        if (name == known) out += unit;
    }
    return out;
}

std::string usual(const ContributingMetric& metric, std::string_view state) {
    std::string out = "usual";
    if (!state.empty()) out += " in state '" + std::string{state} + "'";
    return out + " is " + with_unit(metric.name, metric.expected_low) + " to " +
           with_unit(metric.name, metric.expected_high);
}

bool names(const ContributingMetric& metric, std::string_view part) {
    return metric.name.find(part) != std::string::npos;
}

}  // namespace

std::string sentence(
    AnomalyType type, const std::vector<ContributingMetric>& metrics, std::string_view state
) {
    if (metrics.empty()) return "The device behaves unusually.";
    const ContributingMetric& first = metrics.front();
    const std::string observed = with_unit(first.name, first.observed);
    const std::string expected = "; " + usual(first, state) + ".";
    const bool high = first.observed > first.expected_high;
    switch (type) {
        case AnomalyType::spike:
            return first.name + " jumped to " + observed + " for a moment" + expected;
        case AnomalyType::level_shift:
            return first.name + " has moved to a " + (high ? "higher" : "lower") + " level, now " +
                   observed + expected;
        case AnomalyType::drift:
            return first.name + " keeps moving " + (high ? "up" : "down") + ", now " + observed +
                   expected;
        case AnomalyType::variance_change:
            return first.name + " fluctuates differently than before, now " + observed + expected;
        case AnomalyType::stuck:
            return first.name + " stays at exactly " + observed +
                   ", although it usually changes: the sensor may be stuck.";
        case AnomalyType::dropout:
            return first.name + " has not been heard of for longer than its usual rhythm allows.";
        case AnomalyType::correlation_break:
            return first.name + " is " + observed + ", which does not fit the device's other " +
                   "signals: from them " + with_unit(first.name, first.expected_low) + " to " +
                   with_unit(first.name, first.expected_high) + " would be expected.";
        case AnomalyType::spectral_change:
            return first.name + " shows another vibration pattern, now " + observed + expected;
    }
    return {};
}

std::vector<std::string> recommendations(
    AnomalyType type, const std::vector<ContributingMetric>& metrics, const WearEstimate& wear
) {
    std::vector<std::string> out;
    if (!metrics.empty()) {
        const ContributingMetric& first = metrics.front();
        const std::string evidence = " (" + first.name + " is " +
                                     with_unit(first.name, first.observed) + ", expected " +
                                     with_unit(first.name, first.expected_low) + " to " +
                                     with_unit(first.name, first.expected_high) + ")";
        const bool high = first.observed > first.expected_high;
        if (type == AnomalyType::stuck) {
            out.push_back(
                "Check the sensor of " + first.name + " and its wiring: its value does " +
                "not change any more."
            );
        } else if (type == AnomalyType::dropout) {
            out.push_back("Check power and connection of the sensor of " + first.name + ".");
        } else if (type == AnomalyType::correlation_break) {
            out.push_back(
                "Compare " + first.name + " with a second instrument; if it is right, " +
                "look at the mechanics between the signals" + evidence + "."
            );
        } else if (names(first, "vibration") || names(first, "ccelerometer")) {
            out.push_back("Inspect bearings, balance and tool clamping" + evidence + ".");
        } else if (names(first, "emperature") && high) {
            out.push_back("Check cooling and lubrication" + evidence + ".");
        } else if ((names(first, "current") || names(first, "power")) && high) {
            out.push_back("Check the load: a worn tool, friction or a jam" + evidence + ".");
        } else {
            out.push_back("Look at " + first.name + evidence + ".");
        }
    }
    if (wear.level && *wear.level > 0.8) {
        std::string text = "Plan maintenance: " + wear.metric + " has gone " +
                           with_unit("", std::round(100 * *wear.level)) +
                           " % of the way to its limit";
        if (wear.remaining_hours) {
            text += ", about " + with_unit("", *wear.remaining_hours) + " h remain";
        }
        out.push_back(text + ".");
    }
    return out;
}

// Of several metrics with a limit, the one that is nearest to it.
WearEstimate DeviceModel::worst_wear() const {
    WearEstimate worst;
    worst.reason = "no limit is configured for a metric of this device (analysis.wear_limits)";
    for (const WearLimit& limit : options_.wear_limits) {
        for (const Signal& signal : signals_) {
            if (signal.name != limit.metric) continue;
            WearEstimate found = signal.wear.estimate(limit.metric, limit.limit);
            const bool first = worst.metric.empty();
            if (first || found.level.value_or(-1) > worst.level.value_or(-1)) {
                worst = std::move(found);
            }
        }
    }
    return worst;
}

Analysis DeviceModel::describe() const {
    Analysis now;
    now.device = device_;
    now.time = time_;
    now.has_anomaly = alarm_.active();
    now.anomaly_score = now.has_anomaly ? peak_ : score_;
    now.learning = learning_;
    now.model_version = k_model_version;
    if (now.has_anomaly) {
        now.anomaly_type = type_;
        now.confidence = confidence_;
        now.event = alarm_.event();
        now.since = alarm_.since();
        now.acknowledged = alarm_.acknowledged();
        for (const Signal& signal : signals_) {
            if (!signal.involved) continue;
            const SignalFinding& worst = signal.shown;
            now.metrics.push_back(
                {.name = signal.name,
                 .observed = worst.observed,
                 .expected_low = worst.expected_low,
                 .expected_high = worst.expected_high,
                 .score = signal.peak,
                 .type = worst.type}
            );
        }
        std::stable_sort(
            now.metrics.begin(),
            now.metrics.end(),
            [](const auto& one, const auto& other) { return one.score > other.score; }
        );
        if (correlation_shown_.score > 0) {
            now.metrics.insert(now.metrics.begin(), correlation_shown_);
        }
        now.message = sentence(type_, now.metrics, operating_.name);
    }
    now.wear = worst_wear();
    now.recommendations = recommendations(type_, now.metrics, now.wear);
    return now;
}

}  // namespace modax::analysis
