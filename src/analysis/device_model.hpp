// Everything known about one device: its signals, how they move together, its operating state, its
// alarm. Takes readings one by one and says what it finds. Deterministic: the same readings give
// the same findings to the bit, also after save() and restore(). Owned by one shard; not
// thread-safe.
#pragma once

#include "analysis/alarm.hpp"
#include "analysis/correlation_model.hpp"
#include "analysis/signal_model.hpp"
#include "analysis/wear.hpp"
#include "core/analysis.hpp"
#include "core/reading.hpp"
#include "core/wear_limit.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::analysis {

// Changes whenever the same readings may give other scores.
inline constexpr std::string_view k_model_version = "modax-2";

struct ModelOptions {
    AlarmOptions alarm{};
    Thresholds thresholds{};
    // Those of other devices are left alone; of several for one metric the last counts.
    std::vector<WearLimit> wear_limits{};
};

class DeviceModel {
public:
    static constexpr std::size_t k_most_signals = 64;  // further ones are left alone

    // What one reading showed.
    struct Row {
        double score = 0;  // of this reading alone
        bool has_anomaly = false;
        bool changed = false;                   // the alarm began, ended or changed its type
        AnomalyType type = AnomalyType::spike;  // while has_anomaly
        double confidence = 0;
    };

    DeviceModel(const Device& device, const ModelOptions& options);

    Row step(const Reading& reading);
    // Without a reading: who is late? `now` in the device's time.
    Row tick(Timestamp now);
    // All there is to say now, with sentence, evidence and wear.
    Analysis describe() const;
    bool acknowledge(Timestamp now) { return alarm_.acknowledge(now); }
    // Baselines and wear of what was maintained start anew.
    void maintained(Timestamp now);

    const Device& device() const { return *device_; }
    std::uint64_t shelved() const { return alarm_.shelved(); }
    std::size_t signals() const { return signals_.size(); }
    std::uint64_t readings() const { return readings_; }

    std::string save();
    // Errors: data_loss when the bytes are of another version or damaged; the model is then new.
    Status restore(std::string_view state);

private:
    struct Signal {
        std::string name;
        SignalModel model;
        WearModel wear;
        SignalFinding finding;
        bool present = false;   // in this reading
        double peak = 0;        // score of the alarm so far
        bool involved = false;  // in the alarm
        SignalFinding shown;    // while it was active last

        explicit Signal(std::string named = {});
        template <class A>
        void archive(A& a) {
            a(name, model, wear, finding, shown, peak, involved);
        }
    };

    struct Operating {
        ContextKey key = 0;
        float samples = 0;  // in this state
        std::string name;   // as the machine says it; empty: it says nothing
        template <class A>
        void archive(A& a) {
            a(key, samples, name);
        }
    };

    template <class A>
    void archive(A& a);
    void add(std::string_view name, double value, std::size_t& expected);
    Signal* find(std::string_view name, std::size_t& expected);
    void observe_state(const Reading& reading);
    void step_correlation(bool learn);
    // From the signals' findings to the alarm.
    Row conclude(Timestamp now);
    void show_correlation();
    const Signal* strongest() const;
    WearEstimate worst_wear() const;
    bool any_single_condition() const;

    const Device* device_;
    ModelOptions options_;
    std::vector<Signal> signals_;
    CorrelationModel correlation_;
    Operating operating_;
    Alarm alarm_;
    Timestamp time_{};
    std::uint64_t readings_ = 0;
    double peak_ = 0;  // score of the alarm
    AnomalyType type_ = AnomalyType::spike;
    double confidence_ = 0;
    bool learning_ = true;
    bool correlation_active_ = false;
    double score_ = 0;                      // of the last reading
    ContributingMetric correlation_shown_;  // score 0: not involved in the alarm
    float quiet_ = 0;                       // readings since a single signal had a condition
    // Of the reading being looked at; not part of the state.
    std::vector<double> values_;
    bool learn_ = true;
    bool settling_ = false;
    double handicap_ = 0;
};

}  // namespace modax::analysis
