#include "security/audit_trail.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace modax::security {
namespace {

constexpr std::chrono::milliseconds k_interval{250};
constexpr std::uint64_t k_refusals_in_a_minute = 20;
// Different events of a minute, and rows that wait; beyond, they are only counted.
constexpr std::size_t k_most_tallies = 10'000;
constexpr std::size_t k_most_rows = 20'000;

std::int64_t minute_of(Timestamp time) {
    return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

// What makes two events equal.
std::string key_of(const AuditEntry& entry) {
    std::string key;
    for (const auto* part :
         {&entry.actor, &entry.source, &entry.via, &entry.action, &entry.object}) {
        key += *part;
        key += '\0';
    }
    key += static_cast<char>(entry.result);
    return key;
}

}  // namespace

Trail::Trail(AuditStore& store, const Clock& clock, Log& log)
    : store_{store},
      clock_{clock},
      log_{log},
      minute_{minute_of(clock.now())},
      thread_{[this](const std::stop_token& stop) { run(stop); }} {}

Trail::~Trail() {
    thread_.request_stop();
}

void Trail::access(AuditEntry entry) noexcept {
    take(std::move(entry), 1);
}

void Trail::refusal(AuditEntry entry) noexcept {
    take(std::move(entry), k_refusals_in_a_minute);
}

void Trail::take(AuditEntry&& entry, std::uint64_t rows_in_a_minute) noexcept {
    try {
        if (entry.time == Timestamp{}) entry.time = clock_.now();
        const std::uint64_t events = entry.count;
        const std::lock_guard lock{mutex_};
        auto key = key_of(entry);
        auto found = tallies_.find(key);
        if (found == tallies_.end()) {
            if (tallies_.size() >= k_most_tallies) {
                collapsed_ += events;
                return;
            }
            found = tallies_.emplace(std::move(key), Tally{entry, 0, 0}).first;
        }
        Tally& tally = found->second;
        if (tally.rows >= rows_in_a_minute || rows_.size() >= k_most_rows) {
            if (tally.count == 0) tally.entry.time = entry.time;
            tally.count += events;
            return;
        }
        ++tally.rows;
        rows_.push_back(std::move(entry));
    } catch (const std::exception&) {
        collapsed_.fetch_add(1, std::memory_order_relaxed);  // out of memory
    }
}

void Trail::gather(std::vector<AuditEntry>& due, bool all) {
    const auto minute = minute_of(clock_.now());
    due.insert(
        due.end(), std::make_move_iterator(rows_.begin()), std::make_move_iterator(rows_.end())
    );
    rows_.clear();
    if (minute == minute_ && !all) return;
    minute_ = minute;
    for (auto& [key, tally] : tallies_) {
        if (tally.count == 0) continue;
        tally.entry.count = tally.count;
        due.push_back(std::move(tally.entry));
    }
    tallies_.clear();
}

void Trail::run(const std::stop_token& stop) noexcept {
    std::vector<AuditEntry> due;
    for (bool last = false; !last;) {
        try {
            {
                std::unique_lock lock{mutex_};
                wake_.wait_for(lock, stop, k_interval, [] { return false; });
                last = stop.stop_requested();
                if (due.empty()) gather(due, last);
            }
            if (due.empty()) continue;
            const Status stored = store_.append(due);
            if (stored) {
                written_.fetch_add(due.size(), std::memory_order_relaxed);
                due.clear();
            }
            if (failing_.exchange(!stored) == !stored) continue;
            if (stored) {
                log_.info("audit", "the audit log is written again");
            } else {
                log_.error(
                    "audit",
                    "the audit log can't be written; changes are refused until it can: check the "
                    "disk",
                    {{"reason", stored.error().detail}}
                );
            }
        } catch (const std::exception& error) {
            log_.error("audit", "writing the audit log failed", {{"reason", error.what()}});
        }
    }
}

void Trail::collect(MetricSink& sink) const {
    sink.counter(
        "modax_audit_rows_total",
        "Rows of accesses and refusals written to the audit log",
        static_cast<double>(written_.load())
    );
    sink.counter(
        "modax_audit_uncounted_total",
        "Accesses and refusals beyond what a minute can tell apart",
        static_cast<double>(collapsed_.load())
    );
    sink.gauge("modax_audit_failing", "1 while the audit log can't be written", failing_ ? 1 : 0);
    const std::lock_guard lock{mutex_};
    sink.gauge("modax_audit_waiting", "Audit rows that wait", static_cast<double>(rows_.size()));
}

}  // namespace modax::security
