#include "landing/write_session.hpp"

#include "core/flat_json.hpp"
#include "landing/rows.hpp"

#include <initializer_list>
#include <utility>

namespace modax::landing {
namespace {

constexpr std::int64_t k_reading_kind = 0;
constexpr std::int64_t k_safety_kind = 1;
// Hours remembered as noted; more than a year of a hundred devices, 40 MiB at the very most.
constexpr std::size_t k_max_hours = 1'000'000;
constexpr std::size_t k_max_quarantined_payload = 65'536;

}  // namespace

Result<std::unique_ptr<WriteSession>> WriteSession::open(const ConnectionOptions& options) {
    auto opened = Connection::open(options);
    if (!opened) return tl::make_unexpected(opened.error());
    auto session = std::make_unique<WriteSession>();
    session->connection_ = std::move(*opened);
    if (auto prepared = session->prepare(); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    if (auto loaded = session->load(); !loaded) return tl::make_unexpected(loaded.error());
    return session;
}

Status WriteSession::prepare() {
    const std::initializer_list<std::pair<Statement*, std::string_view>> statements{
        {&begin_, "BEGIN IMMEDIATE"},
        {&commit_, "COMMIT"},
        {&insert_reading_, k_insert_reading},
        {&insert_safety_, k_insert_safety},
        {&insert_device_, "INSERT OR IGNORE INTO devices(number, id, registered) VALUES(?1,?2,?3)"},
        {&insert_hour_, "INSERT OR IGNORE INTO device_hours(device, kind, hour) VALUES(?1,?2,?3)"},
        {&insert_stream_,
         "INSERT INTO stream_log(first, count, committed, keys) VALUES(?1,?2,?3,?4)"},
        {&insert_quarantine_,
         "INSERT INTO quarantine(received, topic, payload, payload_size, reason, detail, client)"
         " VALUES(?1,?2,?3,?4,?5,?6,?7)"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = connection_.prepare(*statement, sql); !prepared) return prepared;
    }
    return broker_.prepare(connection_);
}

Status WriteSession::load() {
    const auto last =
        connection_.integer("SELECT first + count - 1 FROM stream_log ORDER BY first DESC LIMIT 1");
    if (!last) return tl::make_unexpected(last.error());
    last_sequence_ = static_cast<std::uint64_t>(*last);
    Statement rows;
    if (auto prepared = connection_.prepare(rows, "SELECT number FROM devices"); !prepared) {
        return prepared;
    }
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) {
        const auto number = static_cast<std::size_t>(rows.integer(0));
        if (devices_.size() <= number) devices_.resize(number + 1);
        devices_[number] = true;
    }
    if (step == Step::failed) return failure("read the devices");
    return {};
}

Result<WriteSession::Committed> WriteSession::commit(std::span<IngestGroup> groups, Timestamp now) {
    if (auto written = write(groups, now); !written) {
        if (connection_.in_transaction()) (void)connection_.execute("ROLLBACK");
        return tl::make_unexpected(written.error());
    }
    return take(groups);
}

Status WriteSession::write(std::span<IngestGroup> groups, Timestamp now) {
    outcome_ = {};
    fresh_.clear();
    keys_.clear();
    fresh_count_ = 0;
    changes_.clear();
    if (begin_.run() == Step::failed) return failure("begin a transaction");
    for (const IngestGroup& group : groups) {
        if (auto inserted = insert_readings(group); !inserted) return inserted;
        if (auto inserted = insert_safety(group); !inserted) return inserted;
        for (const RejectedMessage& message : group.rejected) {
            if (auto kept = quarantine(message); !kept) return kept;
        }
        for (const BrokerChange& change : group.broker_changes) changes_.push_back(&change);
    }
    if (auto applied = broker_.apply(connection_, changes_); !applied) return applied;
    if (auto logged = log_stream(now); !logged) return logged;
    if (commit_.run() == Step::failed) return failure("commit a group of readings");
    return {};
}

Status WriteSession::insert_readings(const IngestGroup& group) {
    for (const Reading& reading : group.readings) {
        const Device& device = *reading.device;
        const std::int64_t time = to_micros(reading.time);
        if (auto known = register_device(device); !known) return known;
        bind_reading(insert_reading_, reading, text_);
        const Insert inserted = outcome_of(insert_reading_.run());
        if (auto counted = count(inserted); !counted) return counted;
        if (inserted == Insert::refused) {
            std::string payload;
            append_flat_json(payload, reading);
            auto kept = quarantine_refused(std::move(payload), reading.received, device);
            if (!kept) return kept;
        }
        if (inserted != Insert::fresh) continue;
        if (auto noted = note_hour(device, k_reading_kind, time); !noted) return noted;
        keys_.append({false, device.number(), time, reading.sequence});
    }
    return {};
}

Status WriteSession::insert_safety(const IngestGroup& group) {
    for (const SafetyStatus& status : group.safety) {
        const Device& device = *status.device;
        const std::int64_t time = to_micros(status.time);
        if (auto known = register_device(device); !known) return known;
        bind_safety(insert_safety_, status);
        const Insert inserted = outcome_of(insert_safety_.run());
        if (auto counted = count(inserted); !counted) return counted;
        if (inserted == Insert::refused) {
            std::string payload;
            append_flat_json(payload, status);
            auto kept = quarantine_refused(std::move(payload), status.received, device);
            if (!kept) return kept;
        }
        if (inserted != Insert::fresh) continue;
        if (auto noted = note_hour(device, k_safety_kind, time); !noted) return noted;
        keys_.append({true, device.number(), time, status.sequence});
    }
    return {};
}

WriteSession::Insert WriteSession::outcome_of(Step step) {
    if (step == Step::done) return connection_.changes() > 0 ? Insert::fresh : Insert::duplicate;
    return connection_.refused_row() ? Insert::refused : Insert::failed;
}

Status WriteSession::count(Insert insert) {
    if (insert == Insert::failed) return failure("insert a reading");
    fresh_.push_back(insert == Insert::fresh);
    if (insert == Insert::fresh) {
        ++outcome_.stored;
        ++fresh_count_;
    } else if (insert == Insert::duplicate) {
        ++outcome_.duplicates;
    }
    return {};
}

Status WriteSession::register_device(const Device& device) {
    const std::size_t number = device.number();
    if (number < devices_.size() && devices_[number]) return {};
    insert_device_.bind(1, std::int64_t{device.number()})
        .bind(2, std::string_view{device.id()})
        .bind(3, to_micros(device.registered()));
    if (insert_device_.run() == Step::failed) return failure("register device " + device.id());
    if (devices_.size() <= number) devices_.resize(number + 1);
    devices_[number] = true;
    return {};
}

Status WriteSession::note_hour(const Device& device, std::int64_t kind, std::int64_t time) {
    // 32 bits of device, 1 of kind, 31 of hour: enough for 245,000 years.
    const std::int64_t hour = hour_of(time);
    const std::uint64_t key = (std::uint64_t{device.number()} << 32U) |
                              (static_cast<std::uint64_t>(kind) << 31U) |
                              (static_cast<std::uint64_t>(hour) & 0x7FFFFFFFU);
    if (hours_.contains(key)) return {};
    insert_hour_.bind(1, std::int64_t{device.number()}).bind(2, kind).bind(3, hour);
    if (insert_hour_.run() == Step::failed) return failure("note an hour of " + device.id());
    if (hours_.size() >= k_max_hours) hours_.clear();
    hours_.insert(key);
    return {};
}

Status WriteSession::quarantine(const RejectedMessage& message) {
    const auto insert = [&](std::string_view topic, std::string_view payload) {
        return insert_quarantine_.bind(1, to_micros(message.received))
            .bind_blob(2, topic)
            .bind_blob(3, payload.substr(0, k_max_quarantined_payload))
            .bind(4, static_cast<std::int64_t>(message.payload_size))
            .bind(5, std::string_view{message.reason})
            .bind(6, std::string_view{message.detail})
            .bind_blob(7, message.client)
            .run();
    };
    Step step = insert(message.topic, message.payload);
    // What SQLite refuses even here is noted without its bytes, so that it can't come for ever.
    if (step == Step::failed && connection_.refused_row()) step = insert({}, {});
    if (step == Step::failed && !connection_.refused_row()) {
        return failure("quarantine a message");
    }
    ++outcome_.quarantined;
    return {};
}

Status WriteSession::quarantine_refused(
    std::string payload, Timestamp received, const Device& device
) {
    ++refused_rows_;
    RejectedMessage message;
    message.received = received;
    message.payload_size = payload.size();
    message.payload = std::move(payload);
    message.reason = "refused_by_store";
    message.detail = connection_.failure("store a reading of " + device.id()).detail;
    return quarantine(message);
}

Status WriteSession::log_stream(Timestamp now) {
    if (fresh_count_ == 0) return {};
    insert_stream_.bind(1, static_cast<std::int64_t>(last_sequence_ + 1))
        .bind(2, static_cast<std::int64_t>(fresh_count_))
        .bind(3, to_micros(now))
        .bind_blob(4, keys_.bytes());
    if (insert_stream_.run() == Step::failed) return failure("write the stream log");
    return {};
}

WriteSession::Committed WriteSession::take(std::span<IngestGroup> groups) {
    Committed committed;
    committed.outcome = outcome_;
    committed.batch = std::make_shared<StoredBatch>();
    auto& events = committed.batch->events;
    std::size_t item = 0;
    for (IngestGroup& group : groups) {
        for (Reading& reading : group.readings) {
            if (fresh_[item++]) events.emplace_back(++last_sequence_, std::move(reading));
        }
        for (const SafetyStatus& status : group.safety) {
            if (fresh_[item++]) events.emplace_back(++last_sequence_, status);
        }
    }
    committed.last_sequence = last_sequence_;
    return committed;
}

}  // namespace modax::landing
