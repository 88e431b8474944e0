// Everything known about one signal of a device, and what it shows now. Owned by its DeviceModel;
// not thread-safe.
#pragma once

#include "analysis/context.hpp"
#include "analysis/level_monitor.hpp"
#include "analysis/rhythm.hpp"
#include "analysis/surprise.hpp"
#include "core/analysis.hpp"

#include <optional>

namespace modax::analysis {

// A score of this and more raises an alarm.
inline constexpr double k_alarm_score = 0.8;
// 0..1 from decades of surprise; k_alarm_score at k_alarm_decades.
// About one sample in 150,000 of a device, as the usual is 98 of 100.
inline constexpr double k_alarm_decades = 3.5;
double score_of_decades(double decades);
double decades_of_score(double score);

// From where on something is an alarm condition.
struct Thresholds {
    double decades = k_alarm_decades;      // of surprise, of one sample
    double level = LevelMonitor::k_limit;  // scales the level is away
};

struct SignalInput {
    Timestamp time;
    double value = 0;
    ContextKey context = 0;
    bool settling = false;  // the state changed a moment ago
    bool learn = true;
    // Decades to take off, as many signals give many chances (Bonferroni).
    double handicap = 0;
    Thresholds thresholds{};
};

// What a signal shows, in its own unit.
struct SignalFinding {
    bool active = false;  // its alarm condition holds
    bool began = false;   // with this sample
    AnomalyType type = AnomalyType::spike;
    double confidence = 0;
    double score = 0;  // of this sample
    double observed = 0;
    double expected_low = 0;
    double expected_high = 0;

    template <class A>
    void archive(A& a) {
        a(active, began, type, confidence, score, observed, expected_low, expected_high);
    }
};

class SignalModel {
public:
    explicit SignalModel(bool is_spectral = false) : is_spectral_{is_spectral} {}

    SignalFinding step(const SignalInput& input);
    // Without a sample: is it late?
    bool is_late(Timestamp now) const { return rhythm_.is_late(now); }
    // Score and type while late.
    SignalFinding silence(Timestamp now);

    bool learning() const { return !warm_; }
    // In units of its usual spread, for the correlations; 0 while it is not known.
    double normalised() const { return normalised_; }
    bool settled() const { return settled_; }
    double last_value() const { return previous_; }
    // A normalised value in the signal's unit, in the operating state of the last sample.
    double raw(double normalised) const;
    double interval_seconds() const { return rhythm_.interval_seconds(); }
    double patience() const { return rhythm_.patience(); }
    // After maintenance: levels are learned anew, rhythm and states stay.
    void maintained();

    template <class A>
    void archive(A& a) {
        a(rhythm_,
          contexts_,
          surprise_,
          quick_,
          slow_,
          bucket_sum_,
          bucket_count_,
          bucket_begin_,
          previous_,
          run_,
          normalised_,
          settled_,
          warm_,
          episode_,
          is_spectral_,
          context_);
    }

private:
    // From the first sign of an anomaly: what was usual then, and what came since.
    struct Episode {
        bool open = false;
        Statistic leading = Statistic::residual;
        double level = 0;
        double scale = 0;
        double change = 0;
        double previous = 0;
        float samples = 0;
        float since_trigger = 0;
        float above = 0;
        float below = 0;
        float lively = 0;  // samples that moved more than twice the usual
        float quiet = 0;   // less than 0.3 of it
        double peak = 0;   // score

        template <class A>
        void archive(A& a) {
            a(open,
              leading,
              level,
              scale,
              change,
              previous,
              samples,
              since_trigger,
              above,
              below,
              lively,
              quiet,
              peak);
        }
    };

    void step_levels(const SignalInput& input, double value, bool learn);
    void end_run(bool learn);
    void follow(double value);
    AnomalyType type_of(bool stuck, double& confidence) const;
    void expect(const ContextBaseline& state, SignalFinding& finding) const;

    bool is_spectral_;
    Rhythm rhythm_;
    ContextBaselines contexts_;
    SurpriseDetector surprise_;
    LevelMonitor quick_;
    LevelMonitor slow_{
        LevelMonitor::Options{.fast = 60, .slow = 2400, .warm_up = 1800, .hold = 3600}};
    // Means over at least a second, so that the levels are of seconds on a fast signal too.
    double bucket_sum_ = 0;
    float bucket_count_ = 0;
    std::int64_t bucket_begin_ = 0;
    double previous_ = 0;
    float run_ = 0;  // samples of the same value, in this state
    double normalised_ = 0;
    bool settled_ = false;
    ContextKey context_ = 0;
    bool warm_ = false;
    Episode episode_;
};

}  // namespace modax::analysis
