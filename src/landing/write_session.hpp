// The writer's connection with everything prepared on it, for as long as it works: after any
// failure the whole session is thrown away and a new one is opened. Used by the writer's thread.
#pragma once

#include "core/landing.hpp"
#include "landing/broker_tables.hpp"
#include "landing/sqlite.hpp"
#include "landing/stream_keys.hpp"

#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace modax::landing {

class WriteSession {
public:
    // What one committed transaction held. The groups' readings and safety statuses that are new
    // have been moved into `batch`.
    struct Committed {
        IngestOutcome outcome;
        std::shared_ptr<StoredBatch> batch;  // never null
        std::uint64_t last_sequence = 0;     // of the stream
    };

    static Result<std::unique_ptr<WriteSession>> open(const ConnectionOptions& options);

    // One transaction, synced. On failure the groups are as they were.
    Result<Committed> commit(std::span<IngestGroup> groups, Timestamp now);

    Connection& connection() { return connection_; }
    std::uint64_t refused_rows() const { return refused_rows_; }
    std::uint64_t refused_changes() const { return broker_.refused(); }
    // Retention has deleted hours.
    void forget_hours() { hours_.clear(); }

private:
    enum class Insert { fresh, duplicate, refused, failed };

    Status prepare();
    Status load();
    Status write(std::span<IngestGroup> groups, Timestamp now);
    Status insert_readings(const IngestGroup& group);
    Status insert_safety(const IngestGroup& group);
    Status quarantine(const RejectedMessage& message);
    Status quarantine_refused(std::string payload, Timestamp received, const Device& device);
    Insert outcome_of(Step step);
    Status register_device(const Device& device);
    Status note_hour(const Device& device, std::int64_t kind, std::int64_t time);
    Status count(Insert insert);
    Status log_stream(Timestamp now);
    Committed take(std::span<IngestGroup> groups);
    tl::unexpected<Error> failure(std::string_view attempted) const {
        return tl::make_unexpected(connection_.failure(attempted));
    }

    Connection connection_;
    BrokerTables broker_;
    Statement begin_;
    Statement commit_;
    Statement insert_reading_;
    Statement insert_safety_;
    Statement insert_device_;
    Statement insert_hour_;
    Statement insert_stream_;
    Statement insert_quarantine_;

    std::uint64_t last_sequence_ = 0;
    std::vector<bool> devices_;                // by number: has a row
    std::unordered_set<std::uint64_t> hours_;  // device, kind and hour that have a row
    std::uint64_t refused_rows_ = 0;

    // Of the transaction at hand; kept for their memory.
    IngestOutcome outcome_;
    std::vector<bool> fresh_;  // for each reading and safety status, in order
    StreamKeyEncoder keys_;
    std::uint64_t fresh_count_ = 0;
    std::string text_;
    std::vector<const BrokerChange*> changes_;
};

}  // namespace modax::landing
