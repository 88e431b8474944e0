#include "analysis/signal_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace modax::analysis {
namespace {

constexpr double k_decades_scale = 5.0073;  // gives k_alarm_score at k_alarm_decades
constexpr double k_warm_samples = 300;
constexpr double k_known_scales = 3.75;  // |value - level| beyond it is off the level
constexpr float k_label_samples = 12;    // after that the type of a short anomaly stays
constexpr float k_label_from = 6;
constexpr float k_spike_hold = 10;  // samples an anomaly without duration stays active
constexpr float k_drift_rise = 30;  // samples to the limit: slower is a drift
constexpr std::int64_t k_bucket_micros = 900'000;

}  // namespace

double score_of_decades(double decades) {
    return 1 - std::pow(10.0, -decades / k_decades_scale);
}

double decades_of_score(double score) {
    return -k_decades_scale * std::log10(1 - std::min(score, 1 - 1e-12));
}

SignalFinding SignalModel::step(const SignalInput& input) {
    SignalFinding finding;
    finding.observed = input.value;
    rhythm_.arrived(input.time);
    const bool same_state = input.context == context_;
    const bool repeated = input.value == previous_ && same_state;
    end_run(!repeated && input.learn);
    run_ = repeated ? std::min(run_ + 1, 1e7F) : 1;
    context_ = input.context;
    ContextBaseline& state = contexts_.of(input.context);
    const bool stuck = state.repetition.is_stuck(run_);
    previous_ = input.value;

    settled_ = state.warm() && !input.settling;
    if (!settled_) {
        if (input.learn && !input.settling) {
            state.samples += 1;
            state.values.add(input.value);
            if (same_state) state.repetition.learn(repeated);
        }
        finding.active = episode_.open;
        return finding;
    }
    const double value = contexts_.normalised(state, input.value);
    normalised_ = value;
    const bool calm = !episode_.open && !stuck;
    const double interval = rhythm_.interval_seconds();
    const Statistic before = episode_.leading;
    const double level = surprise_.level();
    const double scale = surprise_.scale();
    const double usual_change = surprise_.usual_change();
    const Surprise surprise = surprise_.step(input.time, value, interval, input.learn);
    warm_ = surprise_.samples() >= k_warm_samples;
    const bool level_was = quick_.alarm() || slow_.alarm();
    step_levels(input, value, input.learn && !stuck);
    const bool level_is = quick_.alarm() || slow_.alarm();

    const double news = std::max(0.0, surprise.news - input.handicap);
    finding.score = score_of_decades(news);
    const bool level_began = level_is && !level_was;
    const bool stuck_began = stuck && !state.repetition.is_stuck(run_ - 1);
    if (stuck_began)
        finding.score = std::max(finding.score, score_of_decades(1.2 * k_alarm_decades));

    const double decades = input.thresholds.decades;
    const bool trigger = warm_ && (news >= decades || level_began || stuck_began);
    if (trigger && !episode_.open) {
        episode_ = Episode{};
        episode_.open = true;
        episode_.leading = surprise.leading;
        episode_.level = level;
        episode_.scale = std::max(scale, 1e-9);
        episode_.change = std::max(usual_change, 1e-9);
        episode_.previous = value;
        finding.began = true;
    } else if (trigger && news >= decades) {
        episode_.leading = before;
    }
    if (episode_.open) {
        if (trigger) episode_.since_trigger = 0;
        follow(value);
        episode_.peak = std::max(episode_.peak, finding.score);
        finding.type = type_of(stuck, finding.confidence);
        expect(state, finding);
        const bool lasting = stuck || level_is;
        if (!lasting && episode_.since_trigger > k_spike_hold) episode_.open = false;
    }
    finding.active = episode_.open;
    if (input.learn && calm && !finding.active) {
        state.samples = std::min(state.samples + 1, 1e7F);
        if (state.key != 0) state.values.add(input.value);
    }
    if (input.learn && !stuck && same_state) state.repetition.learn(repeated);
    return finding;
}

// What stands still while the machine rests says nothing about what stands still while it works, so
// a run belongs to the operating state it was in.
void SignalModel::end_run(bool learn) {
    if (!learn || run_ == 0) return;
    Repetition& repetition = contexts_.of(context_).repetition;
    if (!repetition.is_stuck(run_)) repetition.ended(run_);
}

void SignalModel::step_levels(const SignalInput& input, double value, bool learn) {
    const auto micros = to_micros(input.time);
    if (bucket_count_ == 0) bucket_begin_ = micros;
    bucket_sum_ += value;
    bucket_count_ += 1;
    const bool fast = rhythm_.interval_seconds() > 0 && rhythm_.interval_seconds() < 0.5;
    if (fast && micros - bucket_begin_ < k_bucket_micros) return;
    const double mean = bucket_sum_ / static_cast<double>(bucket_count_);
    bucket_sum_ = 0;
    bucket_count_ = 0;
    quick_.limit_to(input.thresholds.level);
    slow_.limit_to(input.thresholds.level);
    quick_.step(mean, learn);
    slow_.step(mean, learn && !quick_.alarm());
}

void SignalModel::follow(double value) {
    Episode& now = episode_;
    now.since_trigger += 1;
    if (now.samples >= k_label_samples) return;
    now.samples += 1;
    const double away = value - now.level;
    if (away > k_known_scales * now.scale) now.above += 1;
    if (away < -k_known_scales * now.scale) now.below += 1;
    const double change = std::abs(value - now.previous);
    if (change > 2 * now.change) now.lively += 1;
    if (change < 0.3 * now.change) now.quiet += 1;
    now.previous = value;
}

AnomalyType SignalModel::type_of(bool stuck, double& confidence) const {
    const Episode& now = episode_;
    if (stuck) {
        confidence = 0.95;
        return AnomalyType::stuck;
    }
    const auto shifted = [this](AnomalyType type) {
        return is_spectral_ ? AnomalyType::spectral_change : type;
    };
    if (quick_.alarm() || slow_.alarm()) {
        const bool slowly =
            quick_.alarm() ? quick_.rise() > k_drift_rise : slow_.rise() > 3 * k_drift_rise;
        const double share = quick_.alarm() ? std::abs(quick_.distance()) / quick_.limit()
                                            : std::abs(slow_.distance()) / slow_.limit();
        confidence = std::min(0.95, 0.6 + 0.2 * share);
        return shifted(slowly ? AnomalyType::drift : AnomalyType::level_shift);
    }
    if (now.samples >= k_label_from) {
        const float off = std::max(now.above, now.below) / now.samples;
        if (off > 0.7F) {
            confidence = 0.5 + 0.4 * static_cast<double>(off);
            return shifted(AnomalyType::level_shift);
        }
        const float restless = std::max(now.lively, now.quiet) / now.samples;
        if (restless > 0.55F) {
            confidence = 0.4 + 0.5 * static_cast<double>(restless);
            return AnomalyType::variance_change;
        }
    }
    confidence = now.samples >= k_label_samples ? 0.8 : 0.5;
    if (now.leading == Statistic::variance) return AnomalyType::variance_change;
    if (now.leading == Statistic::daytime) return shifted(AnomalyType::level_shift);
    return AnomalyType::spike;
}

void SignalModel::expect(const ContextBaseline& state, SignalFinding& finding) const {
    double middle = episode_.level;
    double reach = std::max(surprise_.reach(), k_known_scales * episode_.scale);
    if (quick_.alarm() || slow_.alarm()) {
        const LevelMonitor& monitor = quick_.alarm() ? quick_ : slow_;
        middle = monitor.baseline();
        reach = monitor.reach();
    }
    finding.expected_low = contexts_.raw(state, middle - reach);
    finding.expected_high = contexts_.raw(state, middle + reach);
}

SignalFinding SignalModel::silence(Timestamp now) {
    SignalFinding finding;
    if (!rhythm_.is_late(now)) return finding;
    finding.active = true;
    finding.type = AnomalyType::dropout;
    finding.confidence = 0.95;
    finding.observed = std::numeric_limits<double>::quiet_NaN();
    finding.expected_low = finding.expected_high = previous_;
    finding.score = score_of_decades(1.2 * k_alarm_decades);
    return finding;
}

double SignalModel::raw(double normalised) const {
    return contexts_.raw(contexts_.of(context_), normalised);
}

void SignalModel::maintained() {
    quick_.restart();
    slow_.restart();
    episode_ = Episode{};
}

}  // namespace modax::analysis
