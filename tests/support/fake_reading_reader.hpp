// A ReadingReader over vectors, which sums up as well.
#pragma once

#include "core/landing.hpp"
#include "core/rollup.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace modax::test {

// Thread-safe. Readings may be added at any time; sorted as a store would.
class FakeReadingReader final : public ReadingReader, public RollupReader {
public:
    void add(const Reading& reading) {
        const std::lock_guard lock{mutex_};
        const auto place = std::upper_bound(
            readings_.begin(),
            readings_.end(),
            reading,
            [](const Reading& a, const Reading& b) { return key(a) < key(b); }
        );
        readings_.insert(place, reading);
    }
    // Numbers rise by 1 from `last_stream_sequence() + 1`. Returns the event's.
    std::uint64_t add_event(const Reading& reading) {
        const std::lock_guard lock{mutex_};
        events_.emplace_back(++last_sequence_, reading);
        return last_sequence_;
    }
    std::uint64_t add_event(const SafetyStatus& status) {
        const std::lock_guard lock{mutex_};
        events_.emplace_back(++last_sequence_, status);
        return last_sequence_;
    }
    // What is not above is no longer kept for replay.
    void forget_through(std::uint64_t sequence) {
        const std::lock_guard lock{mutex_};
        while (!events_.empty() && events_.front().stream_sequence() <= sequence) {
            events_.pop_front();
        }
        forgotten_ = sequence;
    }
    void add_quarantined(QuarantinedMessage message) {
        const std::lock_guard lock{mutex_};
        quarantined_.push_back(std::move(message));
    }
    void fail_with(std::optional<Error> error) {
        const std::lock_guard lock{mutex_};
        error_ = std::move(error);
    }
    // While set, reads wait.
    void hold(bool held) {
        held_ = held;
        held_.notify_all();
    }
    std::size_t readings_given() const { return given_; }

    Status history(const HistoryQuery& query, const std::function<bool(const Reading&)>& each)
        const override {
        held_.wait(true);
        std::vector<Reading> found;
        {
            const std::lock_guard lock{mutex_};
            if (error_) return tl::make_unexpected(*error_);
            for (const Reading& reading : readings_) {
                if (found.size() == query.limit) break;
                if (matches(query, reading)) found.push_back(reading);
            }
        }
        for (const Reading& reading : found) {
            ++given_;
            if (!each(reading)) break;
        }
        return {};
    }
    Status replay(
        std::uint64_t since,
        std::size_t limit,
        const Device* device,
        const std::function<bool(const LiveEvent&)>& each
    ) const override {
        held_.wait(true);
        const std::lock_guard lock{mutex_};
        if (since < forgotten_) return fail(Errc::not_found, "too old");
        std::size_t count = 0;
        for (const LiveEvent& event : events_) {
            if (event.stream_sequence() <= since) continue;
            if (device != nullptr && &event.device() != device) continue;
            if (count++ == limit || !each(event)) break;
        }
        return {};
    }
    Status rollups(const RollupQuery& query, const std::function<bool(const Bucket&)>& each)
        const override {
        Bucket bucket{query.metrics};
        bool ended = false;
        const HistoryQuery all{
            .device = query.device,
            .start = query.start,
            .end = query.end,
            .limit = readings_.size(),
            .after = {},
            .newest_first = false};
        const auto read = history(all, [&](const Reading& reading) {
            const bool one = query.width.count() == 0;
            const auto over = one ? query.width : reading.time.time_since_epoch() % query.width;
            const Timestamp start = one ? query.start : reading.time - over;
            if (!bucket.empty() && bucket.start() != start) {
                ended = !each(bucket);
                if (ended) return false;
                bucket.begin(start);
            }
            if (bucket.empty()) bucket.begin(start);
            bucket.add(reading);
            return true;
        });
        if (read && !ended && !bucket.empty()) each(bucket);
        return read;
    }
    RollupCoverage rollup_coverage() const override { return coverage; }
    RollupCoverage coverage;  // set before the server starts
    Status latest(const std::function<void(Reading&&)>&, const std::function<void(SafetyStatus&&)>&)
        const override {
        return {};
    }
    std::uint64_t last_stream_sequence() const override {
        const std::lock_guard lock{mutex_};
        return last_sequence_;
    }
    Result<std::vector<QuarantinedMessage>> quarantine(std::uint64_t before, std::size_t limit)
        const override {
        const std::lock_guard lock{mutex_};
        std::vector<QuarantinedMessage> found;
        for (auto message = quarantined_.rbegin(); message != quarantined_.rend(); ++message) {
            if (found.size() == limit) break;
            if (before == 0 || message->id < before) found.push_back(*message);
        }
        return found;
    }

private:
    static std::pair<Timestamp, std::int64_t> key(const Reading& reading) {
        return {reading.time, reading.sequence};
    }
    static bool matches(const HistoryQuery& query, const Reading& reading) {
        if (reading.device != query.device) return false;
        if (reading.time < query.start || reading.time >= query.end) return false;
        return !query.after || key(reading) > std::pair{query.after->time, query.after->sequence};
    }

    mutable std::mutex mutex_;
    std::vector<Reading> readings_;
    std::deque<LiveEvent> events_;
    std::vector<QuarantinedMessage> quarantined_;  // ids rise
    std::uint64_t last_sequence_ = 0;
    std::uint64_t forgotten_ = 0;
    std::optional<Error> error_;
    std::atomic<bool> held_{false};
    mutable std::atomic<std::size_t> given_{0};
};

}  // namespace modax::test
