#include "app/analysis_engine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <utility>

namespace modax::app {
namespace {

constexpr std::string_view k_component = "analysis";
constexpr std::chrono::seconds k_look_around{1};
constexpr std::chrono::minutes k_save_interval{5};
constexpr std::chrono::minutes k_removal_interval{1};
// A transaction with more states than that would hold up the writer's next one.
constexpr std::size_t k_models_at_once = 20;
// Lower than everyone who stores or serves (nice(2), of this thread only).
constexpr int k_nice = 10;

}  // namespace

AnalysisEngine::AnalysisEngine(
    const AnalysisEngineOptions& options,
    live::Hub& hub,
    AnalysisStore& store,
    AuditStore& audit,
    const Clock& clock,
    Log& log
)
    : options_{options}, store_{store}, audit_{audit}, clock_{clock}, log_{log} {
    live::SubscriptionOptions queue;
    queue.name = "analysis";
    queue.max_events = options_.queue;
    queue.notify = [this] {
        const std::lock_guard lock{wake_mutex_};
        woken_ = true;
        wake_.notify_one();
    };
    subscription_ = hub.subscribe(std::move(queue));
}

AnalysisEngine::~AnalysisEngine() {
    stop();
}

Status AnalysisEngine::start(std::vector<AnalysisSink*> sinks) {
    sinks_ = std::move(sinks);
    const auto read = store_.models([this](const Device& device, std::string_view state) {
        const std::lock_guard lock{mutex_};
        Watched& known = watched(device);
        if (auto restored = known.model.restore(state); !restored) {
            log_.warn(k_component, restored.error().detail);
            return;
        }
        const Analysis analysis = known.model.describe();
        known.active = analysis.has_anomaly;
        known.last_time = analysis.time;
    });
    if (!read) return read;
    next_save_ = clock_.steady_now() + k_save_interval;
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
    return {};
}

void AnalysisEngine::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    try {
        take_queued();
        hand_over();
        save_models();
    } catch (const std::exception& error) {
        log_.error(k_component, "the models can't be saved", {{"reason", error.what()}});
    }
}

void AnalysisEngine::run(const std::stop_token& stop) noexcept {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), k_nice);
    while (!stop.stop_requested()) {
        try {
            {
                std::unique_lock lock{wake_mutex_};
                wake_.wait_for(lock, stop, k_look_around, [this] { return woken_; });
                woken_ = false;
            }
            take_queued();
            const SteadyTime now = clock_.steady_now();
            {
                const std::lock_guard lock{mutex_};
                look_around(now);
            }
            hand_over();
            remove_old(now);
            if (now >= next_save_) {
                next_save_ = now + k_save_interval;
                save_models();
            }
        } catch (const std::exception& error) {
            log_.error(k_component, "readings were not analysed", {{"reason", error.what()}});
        }
    }
}

void AnalysisEngine::take_queued() {
    const auto taken = subscription_->take();
    const SteadyTime now = clock_.steady_now();
    if (taken.dropped_events > 0) {
        const std::lock_guard lock{mutex_};
        skipped_ += taken.dropped_events;
    }
    for (const auto& batch : taken.batches) {
        const std::lock_guard lock{mutex_};
        for (const LiveEvent& event : batch->events) {
            if (const Reading* reading = event.reading()) look_at(*reading, now);
        }
    }
}

AnalysisEngine::Watched& AnalysisEngine::watched(const Device& device) {
    auto& place = devices_[device.number()];
    if (!place) place = std::make_unique<Watched>(device, options_.model);
    return *place;
}

void AnalysisEngine::look_at(const Reading& reading, SteadyTime now) {
    Watched& device = watched(*reading.device);
    ++readings_;
    device.recorder.note(device.model, analysis::EvidenceStep{reading});
    const auto row = device.model.step(reading);
    device.last_time = std::max(device.last_time, reading.time);
    device.last_arrival = now;
    device.fresh = device.unsaved = true;
    take_row(device, row, now);
}

void AnalysisEngine::take_row(
    Watched& device, const analysis::DeviceModel::Row& row, SteadyTime now
) {
    device.row_score = row.score;
    const bool began = row.has_anomaly && !device.active;
    device.active = row.has_anomaly;
    if (!row.changed) return;
    if (began) ++anomalies_[static_cast<std::size_t>(row.type)];
    report(device, now, true, began ? device.recorder.evidence() : std::string{});
    // The alarm must not begin a second time after a kill.
    models_.push_back({&device.model.device(), device.model.save()});
}

void AnalysisEngine::report(Watched& device, SteadyTime now, bool keep, std::string evidence) {
    device.fresh = false;
    device.next_report = now + options_.report_interval;
    Analysis analysis = device.model.describe();
    if (keep) {
        device.next_store = now + options_.store_interval;
        records_.push_back({0, analysis, device.row_score, std::move(evidence)});
    }
    news_.push_back(std::move(analysis));
}

void AnalysisEngine::look_around(SteadyTime now) {
    for (auto& [number, device] : devices_) {
        const auto silent = now - device->last_arrival;
        // A device that came back with its model has sent nothing yet, so nothing can be late.
        if (device->unsaved && silent >= k_look_around) {
            const Timestamp time =
                device->last_time + std::chrono::duration_cast<std::chrono::microseconds>(silent);
            device->recorder.note(device->model, analysis::EvidenceStep{time});
            take_row(*device, device->model.tick(time), now);
        }
        if (device->fresh && now >= device->next_report) {
            report(*device, now, now >= device->next_store, {});
        }
    }
}

void AnalysisEngine::hand_over() {
    std::vector<Analysis> news;
    std::vector<AnalysisRecord> records;
    std::vector<ModelState> models;
    {
        const std::lock_guard lock{mutex_};
        news.swap(news_);
        records.swap(records_);
        models.swap(models_);
    }
    for (const Analysis& analysis : news) {
        for (AnalysisSink* sink : sinks_) sink->analysed(analysis);
    }
    if (!records.empty() || !models.empty()) keep(std::move(records), std::move(models));
}

void AnalysisEngine::keep(std::vector<AnalysisRecord> records, std::vector<ModelState> models) {
    const auto kept = store_.append(records, models);
    if (kept) {
        failing_ = false;
        return;
    }
    {
        const std::lock_guard lock{mutex_};
        unkept_ += records.size();
    }
    if (!std::exchange(failing_, true)) {
        log_.warn(k_component, "analyses can't be kept", {{"reason", kept.error().detail}});
    }
}

void AnalysisEngine::remove_old(SteadyTime now) {
    if (options_.retention.count() == 0 || now < next_removal_) return;
    next_removal_ = now + k_removal_interval;
    if (auto removed = store_.remove_before(clock_.now() - options_.retention); !removed) {
        log_.warn(k_component, "old analyses stay", {{"reason", removed.error().detail}});
    }
}

void AnalysisEngine::save_models() {
    std::vector<ModelState> states;
    const auto save = [&] {
        keep({}, std::move(states));
        states.clear();
    };
    std::uint32_t next = 0;
    for (;;) {
        {
            const std::lock_guard lock{mutex_};
            auto at = devices_.lower_bound(next);
            for (; at != devices_.end() && states.size() < k_models_at_once; ++at) {
                next = at->first + 1;
                if (!std::exchange(at->second->unsaved, false)) continue;
                states.push_back({&at->second->model.device(), at->second->model.save()});
            }
        }
        if (states.empty()) return;
        save();
    }
}

Result<Analysis> AnalysisEngine::current(const Device& device) const {
    const std::lock_guard lock{mutex_};
    const auto found = devices_.find(device.number());
    if (found == devices_.end()) {
        return fail(Errc::not_found, "no reading of the device was analysed yet");
    }
    return found->second->model.describe();
}

Status AnalysisEngine::acknowledge(const Device& device, AuditEntry record) {
    const auto now = current(device);
    if (!now) return tl::make_unexpected(now.error());
    if (!now->has_anomaly || now->acknowledged) {
        return fail(Errc::not_found, "the device has no alarm that waits to be acknowledged");
    }
    record.detail = "alarm " + std::to_string(now->event) + ": " + now->message;
    if (auto written = audit_.append({&record, 1}); !written) return written;
    {
        const std::lock_guard lock{mutex_};
        Watched& known = watched(device);
        known.model.acknowledge(known.last_time);
        known.active = known.model.describe().has_anomaly;
        known.recorder.restart();
        report(known, clock_.steady_now(), true, {});
        models_.push_back({&device, known.model.save()});
    }
    hand_over();
    return {};
}

Status AnalysisEngine::maintained(const Device& device, AuditEntry record) {
    if (const auto now = current(device); !now) return tl::make_unexpected(now.error());
    if (auto written = audit_.append({&record, 1}); !written) return written;
    {
        const std::lock_guard lock{mutex_};
        Watched& known = watched(device);
        known.model.maintained(known.last_time);
        known.recorder.restart();
        report(known, clock_.steady_now(), true, {});
        models_.push_back({&device, known.model.save()});
    }
    hand_over();
    return {};
}

void AnalysisEngine::collect(MetricSink& sink) const {
    const std::lock_guard lock{mutex_};
    std::size_t signals = 0;
    std::size_t active = 0;
    std::uint64_t shelved = 0;
    for (const auto& [number, device] : devices_) {
        signals += device->model.signals();
        active += device->active ? 1 : 0;
        shelved += device->model.shelved();
    }
    sink.counter(
        "modax_analysis_readings_total",
        "Readings that were analysed",
        static_cast<double>(readings_)
    );
    sink.counter(
        "modax_analysis_skipped_total",
        "Readings that were stored and not analysed, because the analysis could not keep up",
        static_cast<double>(skipped_)
    );
    sink.gauge(
        "modax_analysis_devices", "Devices with a model", static_cast<double>(devices_.size())
    );
    sink.gauge("modax_analysis_signals", "Signals with a model", static_cast<double>(signals));
    sink.gauge("modax_analysis_active", "Alarms that are active", static_cast<double>(active));
    for (std::size_t i = 0; i < anomalies_.size(); ++i) {
        sink.counter(
            "modax_analysis_anomalies_total",
            "Alarms that began, by the type they began with",
            static_cast<double>(anomalies_[i]),
            {{"type", k_anomaly_type_names[i]}}
        );
    }
    sink.counter(
        "modax_analysis_shelved_total",
        "Alarms that were not raised because a device had too many",
        static_cast<double>(shelved)
    );
    sink.counter(
        "modax_analysis_unkept_total",
        "Analyses that were told and could not be kept",
        static_cast<double>(unkept_)
    );
}

}  // namespace modax::app
