#include "store/forwarder.hpp"

#include "core/flat_json.hpp"
#include "delivery/retry.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace modax::store {
namespace {

constexpr std::string_view k_component = "database";
constexpr std::size_t k_first_batch = 1000;
constexpr std::size_t k_fewest_rows = 100;
// A batch is made larger below, smaller above.
constexpr std::chrono::milliseconds k_short_write{500};
constexpr std::chrono::milliseconds k_long_write{3000};
constexpr std::chrono::seconds k_sample_interval{10};
constexpr double k_smoothing = 0.5;  // share of the newest sample

// What is refused, as people can read and send it again.
RejectedMessage rejected(const PlantBatch& row) {
    RejectedMessage message;
    if (!row.readings.empty()) {
        append_flat_json(message.payload, row.readings[0]);
        message.received = row.readings[0].received;
        message.topic = row.readings[0].device->id();
    } else if (!row.safety.empty()) {
        append_flat_json(message.payload, row.safety[0]);
        message.received = row.safety[0].received;
        message.topic = row.safety[0].device->id();
    } else if (!row.analyses.empty()) {
        message.payload = "analysis " + std::to_string(row.analyses[0].id);
        message.received = row.analyses[0].analysis.time;
        message.topic = row.analyses[0].analysis.device->id();
    } else if (!row.orders.empty()) {
        message.payload = "production order " + row.orders[0].id;
        message.received = row.orders[0].changed;
    } else if (!row.reports.empty()) {
        message.payload = "production report " + row.reports[0].id;
        message.received = row.reports[0].received;
    } else if (!row.inspections.empty()) {
        message.payload = "inspection " + row.inspections[0].id;
        message.received = row.inspections[0].received;
    } else if (!row.statuses.empty()) {
        message.payload = "equipment status " + row.statuses[0].id;
        message.received = row.statuses[0].received;
    }
    message.payload_size = message.payload.size();
    message.reason = "refused_by_plant_store";
    message.client = "database";
    return message;
}

}  // namespace

Forwarder::Forwarder(
    PlantSpool& spool,
    PlantStore& store,
    std::function<std::uint64_t()> room,
    const ForwarderOptions& options,
    const Clock& clock,
    Random& random,
    Log& log
)
    : spool_{spool},
      store_{store},
      room_{std::move(room)},
      options_{options},
      clock_{clock},
      random_{random},
      log_{log},
      position_{spool.position()},
      limit_{std::min(k_first_batch, options.batch)},
      through_{position_.events} {
    thread_ = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
}

void Forwarder::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
}

bool Forwarder::caught_up() const {
    return idle_ && through_ >= spool_.last_event();
}

void Forwarder::run(const std::stop_token& stop) noexcept {
    while (!stop.stop_requested()) {
        auto length = options_.interval;
        try {
            if (step(stop)) length = std::chrono::milliseconds{0};
        } catch (const std::exception& error) {
            spool_failed({Errc::io_error, error.what()});
        }
        if (spool_failing_) length = options_.last_retry_delay;
        if (length.count() > 0) pause(stop, length);
    }
}

void Forwarder::pause(const std::stop_token& stop, std::chrono::milliseconds length) {
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, stop, length, [] { return false; });
}

bool Forwarder::step(const std::stop_token& stop) {
    sample();
    auto rows = spool_.next(position_, limit_);
    if (!rows) {
        spool_failed(rows.error());
        return false;
    }
    idle_ = rows->end == position_;
    if (idle_) {
        oldest_ = 0;
        return false;
    }
    oldest_ = rows->oldest ? to_micros(*rows->oldest) : 0;
    const std::size_t count = rows->batch.rows();
    const bool full = count >= limit_ / 2 || rows->end.backfill != PlantPosition::Backfill::done;
    refused_.clear();
    if (!write(std::move(rows->batch), stop)) return false;
    if (auto noted = spool_.forwarded(rows->end, refused_); !noted) {
        // Sent again then; the plant store has it already.
        spool_failed(noted.error());
        return false;
    }
    spool_failing_ = false;
    quarantined_ += refused_.size();
    position_ = rows->end;
    through_ = position_.events;
    last_batch_ = count;
    return full;
}

bool Forwarder::write(PlantBatch batch, const std::stop_token& stop) {
    const std::size_t rows = batch.rows();
    if (rows == 0) return true;
    while (!stop.stop_requested()) {
        const auto begun = std::chrono::steady_clock::now();
        const auto done = store_.write(batch, stop);
        if (done) {
            succeeded();
            written(*done, std::chrono::steady_clock::now() - begun);
            return true;
        }
        if (done.error().kind == PlantFailure::Kind::stopped) return false;
        if (done.error().kind == PlantFailure::Kind::rejected) {
            if (rows == 1) {
                refuse(batch, done.error().detail);
                return true;
            }
            // Halves, one after the other, so that the order stays.
            PlantBatch rest = batch.split(rows / 2);
            return write(std::move(batch), stop) && write(std::move(rest), stop);
        }
        failed(done.error());
        const delivery::RetryRules rules{options_.first_retry_delay, options_.last_retry_delay};
        const bool person = done.error().kind == PlantFailure::Kind::misconfigured;
        pause(
            stop,
            person ? options_.last_retry_delay
                   : delivery::retry_delay(rules, attempts_, std::nullopt, random_)
        );
    }
    return false;
}

void Forwarder::refuse(const PlantBatch& row, const std::string& detail) {
    RejectedMessage message = rejected(row);
    message.detail = detail;
    log_.warn(
        k_component,
        "the plant store refused a row; it is in the quarantine, the others go on",
        {{"reason", detail}, {"row", message.payload.substr(0, 200)}}
    );
    refused_.push_back(std::move(message));
}

void Forwarder::written(const PlantWritten& rows, std::chrono::steady_clock::duration took) {
    rows_ += rows.rows;
    duplicates_ += rows.duplicates;
    if (took < k_short_write) limit_ = std::min(limit_ * 2, options_.batch);
    if (took > k_long_write) limit_ = std::max(limit_ / 2, std::min(k_fewest_rows, options_.batch));
}

void Forwarder::failed(const PlantFailure& failure) {
    ++attempts_;
    ++failures_;
    connected_ = false;
    limit_ = std::max(limit_ / 2, std::min(k_fewest_rows, options_.batch));
    const bool person = failure.kind == PlantFailure::Kind::misconfigured;
    const std::string advice =
        person ? "nothing is forwarded to the plant store until this is put right; readings are "
                 "kept here: "
               : "the plant store is not reachable; readings are kept here until it is: ";
    {
        const std::lock_guard lock{problem_mutex_};
        problem_ = advice + failure.detail;
    }
    if (attempts_ > 1) return;
    log_.warn(k_component, advice, {{"reason", failure.detail}});
}

void Forwarder::succeeded() {
    connected_ = true;
    if (std::exchange(attempts_, 0U) == 0) return;
    {
        const std::lock_guard lock{problem_mutex_};
        problem_.clear();
    }
    log_.info(k_component, "the plant store is there again");
}

void Forwarder::spool_failed(const Error& error) {
    if (std::exchange(spool_failing_, true)) return;
    log_.error(
        k_component,
        "what is to be forwarded can't be read or noted; it is tried again",
        {{"reason", error.detail}}
    );
}

void Forwarder::sample() {
    const SteadyTime now = clock_.steady_now();
    if (sampled_ && now - *sampled_ < k_sample_interval) return;
    const std::uint64_t rows = rows_;
    const std::uint64_t room = room_();
    if (sampled_) {
        const double seconds = std::chrono::duration<double>(now - *sampled_).count();
        const auto smooth = [](double before, double newest) {
            return before + k_smoothing * (newest - before);
        };
        rate_ = smooth(rate_, static_cast<double>(rows - sampled_rows_) / seconds);
        const double grown = static_cast<double>(sampled_room_) - static_cast<double>(room);
        growth_ = smooth(growth_, grown / seconds);
    }
    sampled_ = now;
    sampled_rows_ = rows;
    sampled_room_ = room;
}

Health Forwarder::health() const {
    const std::lock_guard lock{problem_mutex_};
    return {"database", true, problem_};
}

void Forwarder::collect(MetricSink& sink) const {
    const auto number = [](auto value) { return static_cast<double>(value); };
    const std::uint64_t last = spool_.last_event();
    const std::uint64_t through = through_;
    sink.gauge(
        "modax_forward_pending_rows",
        "Readings and safety statuses that wait for the plant store",
        number(last > through ? last - through : 0)
    );
    const std::int64_t oldest = oldest_;
    const double age = number(to_micros(clock_.now()) - oldest) / 1e6;
    sink.gauge(
        "modax_forward_oldest_seconds",
        "Age of the oldest row that waits for the plant store; 0: none waits",
        oldest == 0 ? 0.0 : std::max(0.0, age)
    );
    sink.gauge(
        "modax_forward_connected",
        "1 when the last batch for the plant store was stored there",
        connected_ ? 1 : 0
    );
    sink.gauge("modax_forward_rows_per_second", "Rows forwarded, smoothed", rate_);
    sink.gauge("modax_forward_batch_rows", "Rows of the last batch", number(last_batch_.load()));
    if (growth_ > 0 && last > through) {
        sink.gauge(
            "modax_forward_full_seconds",
            "When the landing store will be full if it goes on growing like this; absent: it does "
            "not grow",
            number(room_()) / growth_
        );
    }
    sink.counter(
        "modax_forward_rows_total", "Rows the plant store has taken", number(rows_.load())
    );
    sink.counter(
        "modax_forward_duplicates_total", "Of them, it had already", number(duplicates_.load())
    );
    sink.counter(
        "modax_forward_quarantined_total",
        "Rows the plant store refused; they are in the quarantine",
        number(quarantined_.load())
    );
    sink.counter(
        "modax_forward_failures_total",
        "Batches that failed and were tried again",
        number(failures_.load())
    );
}

}  // namespace modax::store
