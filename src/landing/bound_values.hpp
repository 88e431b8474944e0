// Values that may be missing, into and out of a statement. Internal to landing.
#pragma once

#include "core/time.hpp"
#include "landing/sqlite.hpp"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::landing {

inline void bind_time(Statement& row, int index, std::optional<Timestamp> time) {
    if (time) {
        row.bind(index, to_micros(*time));
    } else {
        row.bind_null(index);
    }
}
inline void bind_number(Statement& row, int index, std::optional<double> number) {
    if (number) {
        row.bind(index, *number);
    } else {
        row.bind_null(index);
    }
}
inline std::optional<Timestamp> time_of(const Statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return from_micros(row.integer(column));
}
inline std::optional<double> number_of(const Statement& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.number(column);
}

// Every row of a query whose parameters are bound.
template <typename Item, typename Read>
Result<std::vector<Item>> rows_of(
    Connection& connection, Statement& rows, std::string_view attempted, const Read& read
) {
    std::vector<Item> found;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) found.push_back(read(rows));
    if (step == Step::failed) return tl::make_unexpected(connection.failure(attempted));
    return found;
}

template <typename Item>
std::optional<Item> first_of(std::vector<Item>&& items) {
    if (items.empty()) return std::nullopt;
    return std::move(items.front());
}

}  // namespace modax::landing
