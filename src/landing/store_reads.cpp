// The reads of a Store: history, replay, latest values and the quarantine.
#include "landing/history_read.hpp"
#include "landing/store_state.hpp"
#include "landing/stream_keys.hpp"

#include <algorithm>
#include <limits>

namespace modax::landing {
namespace {

constexpr auto k_lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto k_highest = std::numeric_limits<std::int64_t>::max();

// Reads the events of the stream log again, from the tables.
class ReplayRead {
public:
    ReplayRead(
        ReaderConnection& reader,
        const DeviceRegistry& devices,
        std::uint64_t since,
        std::size_t limit,
        const Device* device
    )
        : reader_{reader}, devices_{devices}, since_{since}, limit_{limit}, device_{device} {}

    Status run(const std::function<bool(const LiveEvent&)>& each) {
        if (auto kept = check_kept(); !kept || limit_ == 0) return kept;
        Statement& rows = reader_.stream_from;
        const StatementScope scope{rows};
        rows.bind(1, static_cast<std::int64_t>(since_ + 1));
        Step step = Step::done;
        while (!ended_ && (step = rows.step()) == Step::row) {
            auto number = static_cast<std::uint64_t>(rows.integer(0));
            StreamKeyDecoder keys{rows.text(1)};
            for (auto key = keys.next(); key && !ended_; key = keys.next(), ++number) {
                if (number <= since_) continue;
                if (device_ != nullptr && key->device != device_->number()) continue;
                if (auto read = read_event(number, *key, each); !read) return read;
            }
        }
        if (step == Step::failed) return failure();
        return {};
    }

private:
    Status check_kept() {
        Statement& begin = reader_.stream_begin;
        const StatementScope scope{begin};
        if (begin.step() != Step::row) return failure();
        if (begin.is_null(0)) return {};  // nothing was ever stored
        const auto first = static_cast<std::uint64_t>(begin.integer(0));
        if (since_ + 1 >= first) return {};
        return fail(
            Errc::not_found,
            "events from " + std::to_string(since_ + 1) +
                " on are no longer kept for replay, the "
                "first one is " +
                std::to_string(first) + ": read the history instead"
        );
    }
    Status read_event(
        std::uint64_t number,
        const StreamKey& key,
        const std::function<bool(const LiveEvent&)>& each
    ) {
        const Device* device = devices_.find(key.device);
        if (device == nullptr) return {};
        Statement& row = key.safety ? reader_.safety_by_key : reader_.reading_by_key;
        const StatementScope scope{row};
        row.bind(1, hour_of(key.time))
            .bind(2, std::int64_t{key.device})
            .bind(3, key.time)
            .bind(4, key.sequence);
        const Step step = row.step();
        if (step == Step::failed) return failure();
        if (step == Step::done) return {};  // deleted by retention
        const bool more = key.safety ? each(LiveEvent{number, read_safety(row, *device)})
                                     : each(LiveEvent{number, read_reading(row, *device)});
        ended_ = !more || ++given_ == limit_;
        return {};
    }
    Status failure() const {
        return tl::make_unexpected(reader_.connection.failure("replay the stream of events"));
    }

    ReaderConnection& reader_;
    const DeviceRegistry& devices_;
    std::uint64_t since_;
    std::size_t limit_;
    const Device* device_;
    std::size_t given_ = 0;
    bool ended_ = false;
};

// Calls `found` on the newest row of a device, if it has one.
Status newest(
    ReaderConnection& reader,
    const Device& device,
    Kind kind,
    const std::function<void(const Statement&)>& found
) {
    Statement& hours = reader.hours_down;
    const StatementScope hours_scope{hours};
    hours.bind(1, std::int64_t{device.number()})
        .bind(2, std::int64_t{kind})
        .bind(3, k_lowest)
        .bind(4, k_highest);
    Step step = Step::done;
    while ((step = hours.step()) == Step::row) {
        Statement& rows = kind == k_reading ? reader.readings_down : reader.safety_down;
        const StatementScope rows_scope{rows};
        rows.bind(1, hours.integer(0)).bind(2, std::int64_t{device.number()});
        if (kind == k_reading) rows.bind(3, k_highest).bind(4, k_highest).bind(5, k_lowest);
        step = rows.step();
        if (step == Step::failed) break;
        if (step == Step::done) continue;  // retention is just at work in this hour
        found(rows);
        return {};
    }
    if (step == Step::done) return {};
    return tl::make_unexpected(reader.connection.failure("read the latest state of " + device.id())
    );
}

}  // namespace

Status Store::history(const HistoryQuery& query, const std::function<bool(const Reading&)>& each)
    const {
    return state_->readers.read([&](ReaderConnection& reader) {
        return HistoryRead{reader, query}.run(each);
    });
}

Status Store::replay(
    std::uint64_t since,
    std::size_t limit,
    const Device* device,
    const std::function<bool(const LiveEvent&)>& each
) const {
    // Nobody has seen what is not stored yet; also keeps since + 1 from overflowing.
    if (since >= last_stream_sequence()) return {};
    Status outcome;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        outcome = ReplayRead{reader, state_->devices, since, limit, device}.run(each);
        // "Too old" is an answer, not a broken connection.
        if (!outcome && outcome.error().code == Errc::not_found) return {};
        return outcome;
    });
    return read ? outcome : read;
}

Status Store::latest(
    const std::function<void(Reading&&)>& each_reading,
    const std::function<void(SafetyStatus&&)>& each_safety
) const {
    const auto devices = state_->devices.all();
    return state_->readers.read([&](ReaderConnection& reader) -> Status {
        for (const Device* device : devices) {
            auto read = newest(reader, *device, k_reading, [&](const Statement& row) {
                each_reading(read_reading(row, *device));
            });
            if (!read) return read;
            read = newest(reader, *device, k_safety, [&](const Statement& row) {
                each_safety(read_safety(row, *device));
            });
            if (!read) return read;
        }
        return {};
    });
}

Result<std::vector<QuarantinedMessage>> Store::quarantine(std::uint64_t before, std::size_t limit)
    const {
    std::vector<QuarantinedMessage> found;
    const auto capped = [](std::uint64_t value) {
        return static_cast<std::int64_t>(std::min<std::uint64_t>(value, k_highest));
    };
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        Statement& rows = reader.quarantine;
        const StatementScope scope{rows};
        rows.bind(1, before == 0 ? k_highest : capped(before)).bind(2, capped(limit));
        Step step = Step::done;
        while ((step = rows.step()) == Step::row) {
            const auto text = [&](int column) { return std::string{rows.text(column)}; };
            QuarantinedMessage message;
            message.id = static_cast<std::uint64_t>(rows.integer(0));
            message.message = RejectedMessage{
                from_micros(rows.integer(1)),
                text(2),
                text(3),
                static_cast<std::uint64_t>(rows.integer(4)),
                text(5),
                text(6),
                text(7)};
            found.push_back(std::move(message));
        }
        if (step == Step::done) return {};
        return tl::make_unexpected(reader.connection.failure("read the quarantine"));
    });
    if (!read) return tl::make_unexpected(read.error());
    return found;
}

}  // namespace modax::landing
