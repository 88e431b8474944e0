// A few connections for reads, each with its statements prepared. A read sees the database as it
// was when it began and never waits for the writer, nor the writer for it.
#pragma once

#include "landing/rows.hpp"
#include "landing/sqlite.hpp"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace modax::landing {

// Used by one thread at a time.
struct ReaderConnection {
    static Result<std::unique_ptr<ReaderConnection>> open(const ConnectionOptions& options);

    Connection connection;
    Statement hours_up;    // device, kind, first, last
    Statement hours_down;  // the same, newest first
    // hour, device, and behind (time, sequence) up to below `end`
    Statement readings_up;
    // hour, device, and before (time, sequence) down to `start`
    Statement readings_down;
    Statement safety_down;     // hour, device: newest first
    Statement reading_by_key;  // hour, device, time, sequence
    Statement safety_by_key;
    Statement stream_from;   // first: rows from the one that holds it
    Statement stream_begin;  // the first number kept
    Statement quarantine;    // before, limit
    // The rollups, prepared at their first use.
    bool rollups_prepared = false;
    Statement rollup_state;
    Statement rollup_backfill;                // device, first hour, last hour
    std::array<Statement, 3> rollup_buckets;  // by level: device, first and end start
};

// Thread-safe.
class ReaderPool {
public:
    ReaderPool(ConnectionOptions options, std::size_t size)
        : options_{std::move(options)}, free_{size} {}

    // Runs `read(ReaderConnection&)` inside one read transaction. Waits while all connections are
    // in use, so a callback must not call the store again.
    template <class Read>
    Status read(const Read& read) const {
        auto taken = take();
        if (!taken) return tl::make_unexpected(taken.error());
        Lease lease{*this, std::move(*taken)};
        Connection& connection = lease.connection->connection;
        if (auto begun = connection.execute("BEGIN"); !begun) return begun;
        Status done = read(*lease.connection);
        if (auto ended = connection.execute("COMMIT"); !ended && done) done = ended;
        lease.sound = done.has_value();
        return done;
    }
    std::size_t in_use() const;

private:
    // Gives the connection back; one that failed, or was left by an exception, is closed.
    struct Lease {
        const ReaderPool& pool;
        std::unique_ptr<ReaderConnection> connection;
        bool sound = false;
        Lease(const ReaderPool& owner, std::unique_ptr<ReaderConnection> taken)
            : pool{owner}, connection{std::move(taken)} {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { pool.give_back(sound ? std::move(connection) : nullptr); }
    };

    Result<std::unique_ptr<ReaderConnection>> take() const;
    void give_back(std::unique_ptr<ReaderConnection> connection) const;

    ConnectionOptions options_;
    mutable std::mutex mutex_;
    mutable std::condition_variable given_back_;
    mutable std::vector<std::unique_ptr<ReaderConnection>> free_;  // null: not opened yet
    mutable std::size_t in_use_ = 0;
};

}  // namespace modax::landing
