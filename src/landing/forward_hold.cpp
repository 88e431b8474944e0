#include "landing/forward_hold.hpp"

#include "landing/rows.hpp"
#include "landing/stream_keys.hpp"

#include <algorithm>

namespace modax::landing {
namespace {

constexpr int k_log_rows_per_step = 500;

}  // namespace

Result<std::int64_t> ForwardHold::log_through(Connection& connection) {
    return connection.integer(
        "SELECT CASE WHEN active THEN events ELSE 9223372036854775807 END FROM plant_forward"
    );
}

Result<bool> ForwardHold::holds(Connection& connection, std::int64_t hour) {
    Statement state;
    auto prepared = connection.prepare(state, "SELECT active, events, backfill FROM plant_forward");
    if (!prepared) return tl::make_unexpected(prepared.error());
    if (state.step() != Step::row) {
        return tl::make_unexpected(connection.failure("see what is forwarded"));
    }
    const bool active = state.integer(0) != 0;
    const std::int64_t forwarded = state.integer(1);
    const bool backfill = state.integer(2) != 0;
    state.reset();
    if (!active) {
        hours_.clear();
        read_through_ = 0;
        return false;
    }
    if (backfill) return true;
    const auto complete = read_log(connection, forwarded);
    if (!complete) return complete;
    std::erase_if(hours_, [&](const auto& entry) { return entry.second <= forwarded; });
    return !*complete || hours_.contains(hour);
}

Result<bool> ForwardHold::read_log(Connection& connection, std::int64_t forwarded) {
    read_through_ = std::max(read_through_, forwarded);
    Statement log;
    auto prepared = connection.prepare(
        log,
        "SELECT first, count, keys FROM stream_log WHERE first >= coalesce("
        "(SELECT max(first) FROM stream_log WHERE first <= ?1), ?1) ORDER BY first LIMIT ?2"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    log.bind(1, read_through_ + 1).bind(2, std::int64_t{k_log_rows_per_step});
    int rows = 0;
    std::int64_t through = read_through_;
    Step step = Step::done;
    while ((step = log.step()) == Step::row) {
        ++rows;
        std::int64_t number = log.integer(0);
        through = std::max(through, number + log.integer(1) - 1);
        StreamKeyDecoder keys{log.text(2)};
        for (auto key = keys.next(); key; key = keys.next(), ++number) {
            if (number > read_through_) hours_[hour_of(key->time)] = number;
        }
    }
    if (step == Step::failed) return tl::make_unexpected(connection.failure("read the log"));
    read_through_ = through;
    return rows < k_log_rows_per_step;
}

}  // namespace modax::landing
