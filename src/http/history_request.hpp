// What GET /devices/{id}/history was asked for. Pure; any thread.
#pragma once

#include "core/landing.hpp"
#include "core/rollup.hpp"
#include "http/problem.hpp"
#include "http/query_string.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::http {

struct HistoryRequest {
    Timestamp start;                          // inclusive
    Timestamp end;                            // exclusive
    std::size_t limit = 1000;                 // of readings, or of buckets
    std::vector<std::string> metrics;         // empty: all
    std::chrono::microseconds resolution{0};  // width of a bucket; 0: raw readings
    std::string_view resolution_name = "raw";
    std::optional<HistoryQuery::After> after;  // from the cursor of a page of readings
};

inline constexpr std::size_t k_max_history_limit = 100'000;

// ISO 8601, or seconds or milliseconds since 1970 (over 10^11: milliseconds).
std::optional<Timestamp> parse_time_parameter(std::string_view text);

// Reads start, end, limit, metrics, resolution and cursor. Without start and end: the hour before
// `now`. "auto" becomes the finest resolution that gives at most `limit` buckets and reaches back
// to `start` by `coverage`. Adds what is wrong to `errors`; the result counts only when there is
// nothing.
HistoryRequest parse_history_request(
    const QueryString& query,
    Timestamp now,
    const RollupCoverage& coverage,
    std::vector<FieldError>& errors
);

// start (inclusive) and end (exclusive) of an answer about an interval as a whole. Without an end:
// the second that has begun at `now`, so that what is asked for is over; without a start: the day
// before the end.
std::pair<Timestamp, Timestamp> parse_interval(
    const QueryString& query, Timestamp now, std::vector<FieldError>& errors
);

// "raw" (0) or the width of buckets of whole minutes.
std::optional<std::chrono::microseconds> parse_rollup_resolution(std::string_view text);

// The cursor of the page that starts behind a reading, or at a bucket.
std::string reading_cursor(const HistoryQuery::After& after);
std::string bucket_cursor(Timestamp start);

// 1 to `max`; nullopt when the text is anything else.
std::optional<std::size_t> parse_limit(std::string_view text, std::size_t max);

}  // namespace modax::http
