// Deletes what is too old or too much, oldest hour first, in steps of some thousand rows so that no
// commit waits long, and gives the bytes back to the file system. Also cuts the stream log and the
// quarantine. Used by the writer's thread, between groups, on the writer's connection.
//
// Age and size count the device's time, in whole hours. Of the size, the stream log and the
// quarantine take a quarter each at most: a long replay window must not push out every reading. An
// event whose reading was deleted is left out of a replay, so a replay window longer than the age
// (or the size) allows is shorter in fact; the writer says so at start when it follows from the
// options. What a plant store does not have yet is never deleted, whatever its age and the size.
#pragma once

#include "core/time.hpp"
#include "landing/forward_hold.hpp"
#include "landing/options.hpp"
#include "landing/sqlite.hpp"

#include <optional>

namespace modax::landing {

class Retention {
public:
    struct Step {
        bool more = false;        // there is more to do at once
        bool hours_gone = false;  // hours were deleted as a whole
        std::uint64_t rows = 0;   // readings and safety statuses deleted
    };

    explicit Retention(const WriterOptions& options) : options_{options} {}

    // One step, a transaction of its own. After a failure the connection must be thrown away.
    // `keep_unsummed`: what the rollups lack stays.
    Result<Step> step(Connection& connection, Timestamp now, bool keep_unsummed);

private:
    Result<Step> delete_old(Connection& connection, Timestamp now, bool keep_unsummed);
    Result<bool> must_wait(Connection& connection, std::int64_t hour);
    Status cut_stream_log(Connection& connection, Timestamp now, bool keep_unsummed, Step& step)
        const;
    Status cut_quarantine(Connection& connection, Step& step) const;
    Result<bool> too_large(Connection& connection) const;

    const WriterOptions options_;
    ForwardHold hold_;
    // The hour that waits for the rollups, and the last event when it began to: a machine whose
    // clock is wrong must not hold up everything by what it adds meanwhile.
    std::optional<std::int64_t> waiting_hour_;
    std::int64_t waiting_for_ = 0;
};

}  // namespace modax::landing
