// A store and a writer in a temporary directory, and sinks that remember what they were told and
// in which order.
#pragma once

#include "core/accounting.hpp"
#include "landing/store.hpp"
#include "landing/writer.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace modax::landing {

// Everything the writer tells, in order. Thread-safe.
class Witness final : public OutcomeSink, public StoredSink, public AckSink {
public:
    void committed(const IngestOutcome& outcome) noexcept override {
        const std::lock_guard lock{mutex_};
        total_.stored += outcome.stored;
        total_.duplicates += outcome.duplicates;
        total_.quarantined += outcome.quarantined;
        steps_.emplace_back("outcome");
        changed_.notify_all();
    }
    void stored(std::shared_ptr<const StoredBatch> batch) noexcept override {
        const std::lock_guard lock{mutex_};
        batches_.push_back(std::move(batch));
        steps_.emplace_back("stored");
        changed_.notify_all();
    }
    void committed(std::span<const AckToken> tokens) noexcept override {
        std::unique_lock lock{mutex_};
        for (const AckToken& token : tokens) acked_.push_back(token);
        steps_.emplace_back("acks");
        changed_.notify_all();
        changed_.wait(lock, [this] { return !held_; });
    }

    // The writer waits in the next acknowledgement until release().
    void hold() {
        const std::lock_guard lock{mutex_};
        held_ = true;
    }
    void release() {
        const std::lock_guard lock{mutex_};
        held_ = false;
        changed_.notify_all();
    }
    bool wait_for_acks(std::size_t count) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, std::chrono::seconds{20}, [&] {
            return acked_.size() >= count;
        });
    }
    std::vector<AckToken> acked() const {
        const std::lock_guard lock{mutex_};
        return acked_;
    }
    std::vector<std::string> steps() const {
        const std::lock_guard lock{mutex_};
        return steps_;
    }
    IngestOutcome total() const {
        const std::lock_guard lock{mutex_};
        return total_;
    }
    std::vector<std::shared_ptr<const StoredBatch>> batches() const {
        const std::lock_guard lock{mutex_};
        return batches_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    IngestOutcome total_;
    std::vector<std::string> steps_;
    std::vector<std::shared_ptr<const StoredBatch>> batches_;
    std::vector<AckToken> acked_;
};

// Only answers how much room there is.
class FakeDisk final : public FileSystem {
public:
    Result<std::string> read(const std::filesystem::path&) const override { return refused(); }
    Status write_atomic(const std::filesystem::path&, std::string_view, unsigned) override {
        return refused();
    }
    Status remove(const std::filesystem::path&) override { return refused(); }
    Status create_directories(const std::filesystem::path&, unsigned) override { return refused(); }
    bool exists(const std::filesystem::path&) const override { return false; }
    Result<std::uint64_t> available_bytes(const std::filesystem::path&) const override {
        return available.load();
    }

    std::atomic<std::uint64_t> available{1ULL << 40U};

private:
    static tl::unexpected<Error> refused() { return fail(Errc::io_error, "not on this disk"); }
};

// Polls, for conditions nobody announces.
inline bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

// Whoever looks at a database with SQLite's own functions.
class Inspector {
public:
    explicit Inspector(const std::filesystem::path& file) {
        sqlite3_open_v2(
            file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr
        );
        sqlite3_busy_timeout(handle_, 10'000);
    }
    Inspector(const Inspector&) = delete;
    Inspector& operator=(const Inspector&) = delete;
    ~Inspector() { sqlite3_close(handle_); }
    // First column of the first row as text.
    std::string ask(const std::string& sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
            return std::string{"error: "} + sqlite3_errmsg(handle_);
        }
        std::string answer;
        if (sqlite3_step(statement) == SQLITE_ROW) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
            if (text != nullptr) answer = text;
        }
        sqlite3_finalize(statement);
        return answer;
    }
    void run(const std::string& sql) {
        char* message = nullptr;
        if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
            ADD_FAILURE() << sql << ": " << message;
        }
        sqlite3_free(message);
    }

private:
    sqlite3* handle_ = nullptr;
};

class LandingTest : public testing::Test {
protected:
    LandingTest() { store_options.data_dir = directory.path() / "data"; }
    ~LandingTest() override {
        witness.release();
        writer.reset();
    }

    // Opens the store (and a writer on it), as after a start of the program.
    void open() {
        registry = std::make_unique<DeviceRegistry>();
        auto opened = Store::open(store_options, *registry, clock, log);
        ASSERT_TRUE(opened) << opened.error().detail;
        store = std::move(*opened);
        writer =
            std::make_unique<Writer>(*store, witness, witness, disk, writer_options, clock, log);
    }
    void close() {
        writer.reset();
        store.reset();
    }
    void reopen() {
        close();
        open();
    }

    const Device* device(std::string_view id) {
        return *registry->find_or_register(id, clock.now());
    }
    Reading reading(std::string_view id, std::int64_t sequence) {
        return reading_at(id, sequence, clock.now() + std::chrono::milliseconds{sequence});
    }
    Reading reading_at(std::string_view id, std::int64_t sequence, Timestamp time) {
        Reading made;
        made.device = device(id);
        made.time = time;
        made.received = clock.now();
        made.sequence = sequence;
        made[Quantity::temperature] = 20.0 + static_cast<double>(sequence);
        return made;
    }
    AckToken token(std::uint16_t packet_id, AckSink* sink = nullptr) {
        return {sink == nullptr ? &witness : sink, 1, packet_id, 1};
    }
    // A group of one reading with its acknowledgement.
    IngestGroup group_of(Reading reading) {
        IngestGroup group;
        group.acks.push_back(token(static_cast<std::uint16_t>(reading.sequence)));
        group.readings.push_back(std::move(reading));
        return group;
    }
    void submit(IngestGroup group) {
        ASSERT_TRUE(writer->submit(group, GroupWriter::Lane::acknowledged));
    }
    // Submits and waits for the acknowledgements.
    void store_now(IngestGroup group) {
        if (group.acks.empty()) group.acks.push_back(token(0));
        const std::size_t wanted = witness.acked().size() + group.acks.size();
        submit(std::move(group));
        ASSERT_TRUE(witness.wait_for_acks(wanted));
    }
    std::vector<Reading> history(std::string_view id, HistoryQuery query = {}) {
        query.device = device(id);
        if (query.end == Timestamp{}) query.end = from_micros(4'000'000'000'000'000);
        std::vector<Reading> found;
        const auto read = store->history(query, [&](const Reading& reading) {
            found.push_back(reading);
            return true;
        });
        EXPECT_TRUE(read) << read.error().detail;
        return found;
    }
    std::filesystem::path database() const { return store_options.data_dir / "modax.db"; }

    test::TemporaryDirectory directory;
    test::ManualClock clock;
    test::RecordingLog log;
    FakeDisk disk;
    Witness witness;
    StoreOptions store_options;
    WriterOptions writer_options;
    std::unique_ptr<DeviceRegistry> registry;
    std::unique_ptr<Store> store;
    std::unique_ptr<Writer> writer;
};

inline HistoryQuery limited(std::size_t limit) {
    HistoryQuery query;
    query.limit = limit;
    return query;
}

inline std::vector<std::int64_t> sequences(const std::vector<Reading>& readings) {
    std::vector<std::int64_t> found;
    for (const Reading& reading : readings) found.push_back(reading.sequence);
    return found;
}

}  // namespace modax::landing
