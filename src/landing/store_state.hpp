// What a Store owns; in a header because its behaviours are in several files.
#pragma once

#include "landing/directory_lock.hpp"
#include "landing/reader_pool.hpp"
#include "landing/store.hpp"
#include "landing/write_turn.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace modax::landing {

class Store::State {
public:
    State(
        const StoreOptions& store_options,
        std::optional<DirectoryLock> directory_lock,
        DeviceRegistry& device_registry,
        Log& store_log
    );
    ~State();

    ConnectionOptions connection_options(ConnectionOptions::Mode mode) const;
    // Opens, checks, migrates, restores.
    Status start();
    Status start_beside();
    // After a failed write: a sync is never repeated on the same handle. Under anchor_mutex.
    void renew_anchor();
    // All rows of a query on the anchor.
    template <typename Item, typename Read>
    Result<std::vector<Item>> read_all(std::string_view sql, const Read& read) const;
    // A change and the audit rows of it in one transaction of the anchor: what `change` does (with
    // the anchor, under its mutex) and the rows become durable together or not at all.
    Status change_with_audit(
        std::span<const AuditEntry> entries, const std::function<Status(Connection&)>& change
    );

    // The same with events of the business: stored behind the change, their sequences filled in, a
    // delivery queued for each connector that wants one; told to the sinks after the sync. `change`
    // may still fill `events`.
    Status change_with_events(
        std::span<const AuditEntry> entries,
        std::vector<BusinessEvent>& events,
        const std::function<Status(Connection&)>& change
    );

    // On a reader's connection.
    template <typename Found>
    Result<Found> read(const std::function<Result<Found>(Connection&)>& find) const;

    StoreOptions options;
    std::filesystem::path file;
    std::optional<DirectoryLock> lock;  // none for a companion
    DeviceRegistry& devices;
    Log& log;
    ReaderPool readers;
    std::atomic<std::uint64_t> last_stream_sequence{0};

    // Open as long as the store: writes keys, and keeps the WAL's index in shared memory alive
    // while the writer closes and opens its own connection after a failed sync. Without it SQLite
    // would rebuild the index from the WAL file and take frames for committed whose sync failed.
    mutable std::mutex anchor_mutex;
    mutable Connection anchor;

    // Taken after anchor_mutex, around each transaction of the anchor and of the writer.
    mutable WriteTurn write_turn;

    // Taken before anchor_mutex, so that sinks are told in the order of the transactions.
    std::mutex events_mutex;
    const EventRouter* router = nullptr;
    std::vector<BusinessEventSink*> event_sinks;

    // Idempotency keys whose request runs now.
    std::mutex keys_mutex;
    std::set<std::string> running_keys;

    std::atomic<const AuditSeal*> seal{nullptr};

    std::atomic<bool> rollups_run{false};
    mutable std::mutex coverage_mutex;
    RollupCoverage coverage;
    RollupsKept rollups_kept{};

    enum class Check : std::uint8_t { none, running, passed, failed };
    std::atomic<Check> check{Check::none};

private:
    Status create_file();
    Status check_now(Connection& connection);
    void check_beside();
    Status restore();

    std::mutex checker_mutex_;
    Connection checker_connection_;
    std::jthread checker_;  // last: ended before anything it uses goes
};

template <typename Item, typename Read>
Result<std::vector<Item>> Store::State::read_all(std::string_view sql, const Read& read) const {
    const std::lock_guard guard{anchor_mutex};
    Statement rows;
    if (auto prepared = anchor.prepare(rows, sql); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    std::vector<Item> found;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) found.push_back(read(rows));
    if (step == Step::failed) return tl::make_unexpected(anchor.failure("read the store"));
    return found;
}

template <typename Found>
Result<Found> Store::State::read(const std::function<Result<Found>(Connection&)>& find) const {
    Result<Found> found;
    const Status done = readers.read([&](ReaderConnection& reader) -> Status {
        found = find(reader.connection);
        if (!found) return tl::make_unexpected(found.error());
        return {};
    });
    if (!done) return tl::make_unexpected(done.error());
    return found;
}

}  // namespace modax::landing
