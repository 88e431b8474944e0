#include "landing/reader_pool.hpp"

#include <initializer_list>
#include <utility>

namespace modax::landing {

Result<std::unique_ptr<ReaderConnection>> ReaderConnection::open(const ConnectionOptions& options) {
    auto opened = Connection::open(options);
    if (!opened) return tl::make_unexpected(opened.error());
    auto reader = std::make_unique<ReaderConnection>();
    reader->connection = std::move(*opened);
    const std::initializer_list<std::pair<Statement*, const char*>> statements{
        {&reader->hours_up,
         "SELECT hour FROM device_hours WHERE device=?1 AND kind=?2 AND hour BETWEEN ?3 AND ?4"
         " ORDER BY hour"},
        {&reader->hours_down,
         "SELECT hour FROM device_hours WHERE device=?1 AND kind=?2 AND hour BETWEEN ?3 AND ?4"
         " ORDER BY hour DESC"},
        {&reader->readings_up,
         "SELECT " MODAX_READING_COLUMNS " FROM readings WHERE hour=?1 AND device=?2"
         " AND (time, sequence) > (?3, ?4) AND time < ?5 ORDER BY time, sequence"},
        {&reader->readings_down,
         "SELECT " MODAX_READING_COLUMNS " FROM readings WHERE hour=?1 AND device=?2"
         " AND (time, sequence) < (?3, ?4) AND time >= ?5 ORDER BY time DESC, sequence DESC"},
        {&reader->safety_down,
         "SELECT " MODAX_SAFETY_COLUMNS " FROM safety_statuses WHERE hour=?1 AND device=?2"
         " ORDER BY time DESC, sequence DESC"},
        {&reader->reading_by_key,
         "SELECT " MODAX_READING_COLUMNS
         " FROM readings WHERE hour=?1 AND device=?2 AND time=?3 AND sequence=?4"},
        {&reader->safety_by_key,
         "SELECT " MODAX_SAFETY_COLUMNS
         " FROM safety_statuses WHERE hour=?1 AND device=?2 AND time=?3 AND sequence=?4"},
        {&reader->stream_from,
         "SELECT first, keys FROM stream_log WHERE first >= coalesce("
         "(SELECT max(first) FROM stream_log WHERE first <= ?1), ?1) ORDER BY first"},
        {&reader->stream_begin, "SELECT min(first) FROM stream_log"},
        {&reader->quarantine,
         "SELECT id, received, topic, payload, payload_size, reason, detail, client"
         " FROM quarantine WHERE id < ?1 ORDER BY id DESC LIMIT ?2"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = reader->connection.prepare(*statement, sql); !prepared) {
            return tl::make_unexpected(prepared.error());
        }
    }
    return reader;
}

std::size_t ReaderPool::in_use() const {
    const std::lock_guard lock{mutex_};
    return in_use_;
}

Result<std::unique_ptr<ReaderConnection>> ReaderPool::take() const {
    std::unique_ptr<ReaderConnection> taken;
    {
        std::unique_lock lock{mutex_};
        given_back_.wait(lock, [this] { return !free_.empty(); });
        taken = std::move(free_.back());
        free_.pop_back();
        ++in_use_;
    }
    if (taken != nullptr) return taken;
    auto opened = ReaderConnection::open(options_);
    if (!opened) give_back(nullptr);
    return opened;
}

void ReaderPool::give_back(std::unique_ptr<ReaderConnection> connection) const {
    {
        const std::lock_guard lock{mutex_};
        free_.push_back(std::move(connection));
        --in_use_;
    }
    given_back_.notify_one();
}

}  // namespace modax::landing
