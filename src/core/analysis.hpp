// What the analysis says about a device: advisory, never a command. Made by analysis, kept by the
// landing store, served by every interface.
#pragma once

#include "core/device.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

enum class AnomalyType : std::uint8_t {
    spike,
    level_shift,
    drift,
    variance_change,
    stuck,
    dropout,
    correlation_break,
    spectral_change,
};
inline constexpr std::array<std::string_view, 8> k_anomaly_type_names{
    "spike",
    "level_shift",
    "drift",
    "variance_change",
    "stuck",
    "dropout",
    "correlation_break",
    "spectral_change"};
constexpr std::string_view name_of(AnomalyType type) {
    return k_anomaly_type_names[static_cast<std::size_t>(type)];
}

// One metric's part in an anomaly, in the metric's own unit.
struct ContributingMetric {
    std::string name;
    double observed = 0;      // NaN: the metric is silent
    double expected_low = 0;  // what this operating state usually shows
    double expected_high = 0;
    double score = 0;  // 0..1
    AnomalyType type = AnomalyType::spike;
    bool operator==(const ContributingMetric&) const = default;
};

// How far a device is worn, where the trend supports saying so.
struct WearEstimate {
    std::string metric;                     // that the estimate rests on; empty: none
    std::optional<double> level;            // 0 new .. 1 at the limit
    std::optional<double> remaining_hours;  // median
    std::optional<double> remaining_low;    // 5 % quantile
    std::optional<double> remaining_high;   // 95 % quantile
    std::string reason;                     // why a figure is absent; empty when all are there
    bool operator==(const WearEstimate&) const = default;
};

struct Analysis {
    const Device* device = nullptr;
    Timestamp time;            // of the reading it is about
    bool has_anomaly = false;  // an alarm is active (delays and deadband applied)
    double anomaly_score = 0;  // 0..1; while an alarm is active, its highest
    std::optional<AnomalyType> anomaly_type;
    double confidence = 0;           // 0..1 that the type is right
    bool learning = true;            // baselines are not complete yet; alarms are held back
    std::uint64_t event = 0;         // number of the device's alarm, 0 without one
    std::optional<Timestamp> since;  // when the alarm began
    bool acknowledged = false;
    std::string message;                      // one sentence for a technician
    std::vector<ContributingMetric> metrics;  // strongest first
    WearEstimate wear;
    std::vector<std::string> recommendations;
    std::string model_version;
};

// An analysis as it is kept: with what is needed to compute its score again.
struct AnalysisRecord {
    std::uint64_t id = 0;
    Analysis analysis;
    double row_score = 0;  // of the reading itself, which `evidence` gives again to the bit
    std::string evidence;  // state of the model before the reading, and the reading; or empty
};

struct AnalysisQuery {
    const Device* device = nullptr;  // nullptr: all
    std::optional<Timestamp> start;  // inclusive
    std::optional<Timestamp> end;    // exclusive
    bool anomalies_only = false;
    std::uint64_t before = 0;  // ids below; 0: from the newest
    std::size_t limit = 100;
};

// The state of a device's model, as bytes of its own.
struct ModelState {
    const Device* device = nullptr;
    std::string state;
};

// Where analyses and the state of the models are kept. Thread-safe; blocks on the disk.
class AnalysisStore {
public:
    virtual ~AnalysisStore() = default;
    // Both in one transaction, so that an alarm and the model that raised it agree after a kill.
    // The ids of the records are given by the store.
    virtual Status append(
        const std::vector<AnalysisRecord>& records, const std::vector<ModelState>& models
    ) = 0;
    // Newest first, without evidence.
    virtual Result<std::vector<AnalysisRecord>> analyses(const AnalysisQuery& query) const = 0;
    // With evidence. not_found.
    virtual Result<AnalysisRecord> analysis(std::uint64_t id) const = 0;
    // Older ones, by the time of their reading; some thousands at a time.
    virtual Status remove_before(Timestamp time) = 0;
    virtual Status models(const std::function<void(const Device&, std::string_view state)>& each
    ) const = 0;
};

}  // namespace modax
