// Runs the analysis in the gateway: takes every stored reading from the Hub, keeps a model for each
// device, tells what it finds and keeps it. On a thread of its own with a lower priority, behind a
// queue that drops its oldest readings when the analysis can't keep up: nothing here can delay
// storing or serving, and nothing here reaches a machine. Owned by app. docs/adr/0017
#pragma once

#include "analysis/device_model.hpp"
#include "analysis/evidence.hpp"
#include "core/analysis_desk.hpp"
#include "core/analysis_sink.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "live/hub.hpp"

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace modax::app {

struct AnalysisEngineOptions {
    std::size_t queue = 20'000;  // readings that may wait
    // Of a device without news: how often it is told and how often it is kept.
    std::chrono::milliseconds report_interval = std::chrono::seconds{10};
    std::chrono::milliseconds store_interval = std::chrono::minutes{1};
    std::chrono::milliseconds retention = std::chrono::days{90};  // of what is kept; 0: for ever
    analysis::ModelOptions model;
};

// Thread-safe.
class AnalysisEngine final : public AnalysisDesk, public MetricSource {
public:
    // The objects must outlive it. Readings count from here on.
    AnalysisEngine(
        const AnalysisEngineOptions& options,
        live::Hub& hub,
        AnalysisStore& store,
        AuditStore& audit,
        const Clock& clock,
        Log& log
    );
    AnalysisEngine(const AnalysisEngine&) = delete;
    AnalysisEngine& operator=(const AnalysisEngine&) = delete;
    ~AnalysisEngine() override;

    // Brings the models back and begins. `sinks` must live until stop() has returned. Errors: those
    // of the store; a model that can't be brought back is learned anew, with a warning.
    Status start(std::vector<AnalysisSink*> sinks);
    // Looks at what is queued, saves the models, ends the thread. Harmless when not running.
    void stop();

    Result<Analysis> current(const Device& device) const override;
    Status acknowledge(const Device& device, AuditEntry record) override;
    Status maintained(const Device& device, AuditEntry record) override;

    // modax_analysis_…: readings, skipped, devices, signals, active alarms, anomalies by type,
    // shelved alarms, analyses that could not be kept.
    void collect(MetricSink& sink) const override;

private:
    struct Watched {
        explicit Watched(const Device& device, const analysis::ModelOptions& options)
            : model{device, options} {}

        analysis::DeviceModel model;
        analysis::EvidenceRecorder recorder;
        Timestamp last_time;      // the device's
        SteadyTime last_arrival;  // of a reading
        SteadyTime next_report;
        SteadyTime next_store;
        double row_score = 0;
        bool active = false;
        bool fresh = false;    // readings since the last report
        bool unsaved = false;  // readings since the model was saved
    };

    void run(const std::stop_token& stop) noexcept;
    void take_queued();
    // The next four hold mutex_.
    Watched& watched(const Device& device);
    void look_at(const Reading& reading, SteadyTime now);
    void take_row(Watched& device, const analysis::DeviceModel::Row& row, SteadyTime now);
    void report(Watched& device, SteadyTime now, bool keep, std::string evidence);
    void look_around(SteadyTime now);
    // What was found leaves: to the sinks, and to the store.
    void hand_over();
    void keep(std::vector<AnalysisRecord> records, std::vector<ModelState> models);
    void remove_old(SteadyTime now);
    void save_models();

    const AnalysisEngineOptions options_;
    AnalysisStore& store_;
    AuditStore& audit_;
    const Clock& clock_;
    Log& log_;
    std::vector<AnalysisSink*> sinks_;

    mutable std::mutex mutex_;  // around a batch at most; never held for I/O
    std::map<std::uint32_t, std::unique_ptr<Watched>> devices_;
    std::vector<Analysis> news_;
    std::vector<AnalysisRecord> records_;
    std::vector<ModelState> models_;
    std::uint64_t readings_ = 0;
    std::uint64_t skipped_ = 0;
    std::uint64_t unkept_ = 0;
    std::array<std::uint64_t, k_anomaly_type_names.size()> anomalies_{};

    SteadyTime next_removal_;
    SteadyTime next_save_;
    bool failing_ = false;

    std::mutex wake_mutex_;
    std::condition_variable_any wake_;
    bool woken_ = false;
    std::unique_ptr<live::Subscription> subscription_;
    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::app
