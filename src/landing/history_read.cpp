#include "landing/history_read.hpp"

#include <limits>

namespace modax::landing {
namespace {

constexpr auto k_lowest = std::numeric_limits<std::int64_t>::min();
constexpr auto k_highest = std::numeric_limits<std::int64_t>::max();

}  // namespace

HistoryRead::HistoryRead(ReaderConnection& reader, const HistoryQuery& query)
    : reader_{reader}, query_{query}, start_{to_micros(query.start)}, end_{to_micros(query.end)} {
    // The bound that is passed over, exclusive: everything before `start` or from `end` on.
    if (query.after) {
        edge_time_ = to_micros(query.after->time);
        edge_sequence_ = query.after->sequence;
    }
    const bool outside =
        !query.after || (query.newest_first ? edge_time_ >= end_ : edge_time_ < start_);
    if (!outside) return;
    edge_time_ = query.newest_first ? end_ : start_ - 1;
    edge_sequence_ = query.newest_first ? k_lowest : k_highest;
}

Status HistoryRead::run(const std::function<bool(const Reading&)>& each) {
    if (query_.limit == 0 || start_ >= end_) return {};
    const std::int64_t first = hour_of(query_.newest_first ? start_ : edge_time_);
    const std::int64_t last = hour_of(query_.newest_first ? edge_time_ : end_ - 1);
    Statement& hours = query_.newest_first ? reader_.hours_down : reader_.hours_up;
    const StatementScope scope{hours};
    hours.bind(1, std::int64_t{query_.device->number()})
        .bind(2, std::int64_t{k_reading})
        .bind(3, first)
        .bind(4, last);
    Step step = Step::done;
    while (!ended_ && (step = hours.step()) == Step::row) {
        if (auto read = read_hour(hours.integer(0), each); !read) return read;
    }
    if (step == Step::failed) return failure();
    return {};
}

Status HistoryRead::read_hour(std::int64_t hour, const std::function<bool(const Reading&)>& each) {
    Statement& rows = query_.newest_first ? reader_.readings_down : reader_.readings_up;
    const StatementScope scope{rows};
    rows.bind(1, hour)
        .bind(2, std::int64_t{query_.device->number()})
        .bind(3, edge_time_)
        .bind(4, edge_sequence_)
        .bind(5, query_.newest_first ? start_ : end_);
    Step step = Step::done;
    while (!ended_ && (step = rows.step()) == Step::row) {
        ended_ = !each(read_reading(rows, *query_.device)) || ++given_ == query_.limit;
    }
    if (step == Step::failed) return failure();
    return {};
}

Status HistoryRead::failure() const {
    return tl::make_unexpected(
        reader_.connection.failure("read the history of " + query_.device->id())
    );
}

}  // namespace modax::landing
