// Which hours retention must leave alone because the plant's PostgreSQL does not have all of them
// yet. Owned by Retention; the writer's thread, in the transaction that deletes.
#pragma once

#include "landing/sqlite.hpp"

#include <cstdint>
#include <map>

namespace modax::landing {

class ForwardHold {
public:
    // Whether rows of that hour are not forwarded. Also true as long as it has not read the whole
    // log, of which each call reads a part at most.
    Result<bool> holds(Connection& connection, std::int64_t hour);
    // The stream log may be cut up to this event.
    static Result<std::int64_t> log_through(Connection& connection);

private:
    // True when it has read everything.
    Result<bool> read_log(Connection& connection, std::int64_t forwarded);

    std::int64_t read_through_ = 0;
    std::map<std::int64_t, std::int64_t> hours_;  // hour: its last event
};

}  // namespace modax::landing
