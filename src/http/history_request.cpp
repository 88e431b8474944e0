#include "http/history_request.hpp"

#include "core/metric_selection.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace modax::http {
namespace {

using std::chrono::microseconds;

struct Resolution {
    std::string_view name;
    microseconds width;
};
// Fine to coarse.
constexpr std::array<Resolution, 7> k_resolutions{
    {{"1s", std::chrono::seconds{1}},
     {"10s", std::chrono::seconds{10}},
     {"1m", std::chrono::minutes{1}},
     {"5m", std::chrono::minutes{5}},
     {"15m", std::chrono::minutes{15}},
     {"1h", std::chrono::hours{1}},
     {"1d", std::chrono::days{1}}}};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

bool reaches_back(microseconds width, Timestamp start, const RollupCoverage& coverage) {
    // Where the readings are still there, they make up for rollups that are not.
    if (start >= coverage.readings) return true;
    if (width < std::chrono::minutes{1}) return false;
    if (width < std::chrono::hours{1}) return start >= coverage.minutes;
    return width >= std::chrono::days{1} || start >= coverage.hours;
}

// The finest that gives at most `limit` buckets.
const Resolution& automatic_resolution(
    const HistoryRequest& request, const RollupCoverage& coverage
) {
    const auto span = request.end - request.start;
    for (const Resolution& resolution : k_resolutions) {
        if (!reaches_back(resolution.width, request.start, coverage)) continue;
        if (static_cast<std::size_t>(span / resolution.width) < request.limit) return resolution;
    }
    return k_resolutions.back();
}

void take_resolution(
    std::string_view text,
    const RollupCoverage& coverage,
    HistoryRequest& request,
    std::vector<FieldError>& errors
) {
    if (text == "raw") return;
    if (text == "auto") {
        const auto& chosen = automatic_resolution(request, coverage);
        request.resolution = chosen.width;
        request.resolution_name = chosen.name;
        return;
    }
    for (const Resolution& resolution : k_resolutions) {
        if (resolution.name != text) continue;
        request.resolution = resolution.width;
        request.resolution_name = resolution.name;
        return;
    }
    errors.push_back({"resolution", "must be raw, auto, 1s, 10s, 1m, 5m, 15m, 1h or 1d"});
}

// "r<microseconds>.<sequence>" or "b<microseconds>".
void take_cursor(std::string_view text, HistoryRequest& request, std::vector<FieldError>& errors) {
    const bool raw = request.resolution.count() == 0;
    if (!text.empty() && text.front() == (raw ? 'r' : 'b')) {
        text.remove_prefix(1);
        const auto dot = text.find('.');
        const auto micros = parse_number<std::int64_t>(text.substr(0, dot));
        if (micros && !raw && dot == std::string_view::npos) {
            if (from_micros(*micros) > request.start) request.start = from_micros(*micros);
            return;
        }
        if (micros && raw && dot != std::string_view::npos) {
            if (const auto sequence = parse_number<std::int64_t>(text.substr(dot + 1))) {
                request.after = HistoryQuery::After{from_micros(*micros), *sequence};
                return;
            }
        }
    }
    errors.push_back({"cursor", "must be the next_cursor of an answer with the same resolution"});
}

void take_time(
    const QueryString& query,
    std::string_view name,
    std::optional<Timestamp>& time,
    std::vector<FieldError>& errors
) {
    const auto text = query.find(name);
    if (!text) return;
    time = parse_time_parameter(*text);
    if (!time) {
        errors.push_back(
            {std::string{name},
             "must be ISO 8601 (2025-12-09T10:30:00Z) or seconds or milliseconds since 1970"}
        );
    }
}

}  // namespace

std::optional<Timestamp> parse_time_parameter(std::string_view text) {
    if (auto time = parse_iso8601(text)) return time;
    // The '+' of an offset, when it was not escaped, has become a blank.
    if (const auto blank = text.rfind(' '); blank != std::string_view::npos) {
        std::string with_plus{text};
        with_plus[blank] = '+';
        if (auto time = parse_iso8601(with_plus)) return time;
    }
    const auto number = parse_number<double>(text);
    constexpr double k_year_9999_milliseconds = 2.534e14;
    if (!number || !(*number >= 0) || *number > k_year_9999_milliseconds) return std::nullopt;
    const double seconds = *number > 1e11 ? *number / 1e3 : *number;
    return from_micros(std::llround(seconds * 1e6));
}

std::optional<std::size_t> parse_limit(std::string_view text, std::size_t max) {
    const auto limit = parse_number<std::size_t>(text);
    if (!limit || *limit == 0 || *limit > max) return std::nullopt;
    return limit;
}

HistoryRequest parse_history_request(
    const QueryString& query,
    Timestamp now,
    const RollupCoverage& coverage,
    std::vector<FieldError>& errors
) {
    HistoryRequest request;
    std::optional<Timestamp> start;
    std::optional<Timestamp> end;
    take_time(query, "start", start, errors);
    take_time(query, "end", end, errors);
    request.end = end.value_or(now);
    request.start = start.value_or(request.end - std::chrono::hours{1});
    if (request.start > request.end) errors.push_back({"start", "must not be after end"});
    if (const auto text = query.find("limit")) {
        if (const auto limit = parse_limit(*text, k_max_history_limit)) {
            request.limit = *limit;
        } else {
            errors.push_back({"limit", "must be a number from 1 to 100000"});
        }
    }
    if (const auto text = query.find("metrics")) {
        if (auto names = parse_metric_names(*text)) {
            request.metrics = std::move(*names);
        } else {
            errors.push_back({"metrics", "must be a list of metric names with commas between"});
        }
    }
    if (const auto text = query.find("resolution")) {
        take_resolution(*text, coverage, request, errors);
    }
    if (const auto text = query.find("cursor")) take_cursor(*text, request, errors);
    return request;
}

std::pair<Timestamp, Timestamp> parse_interval(
    const QueryString& query, Timestamp now, std::vector<FieldError>& errors
) {
    std::optional<Timestamp> start;
    std::optional<Timestamp> end;
    take_time(query, "start", start, errors);
    take_time(query, "end", end, errors);
    const Timestamp until = end.value_or(std::chrono::floor<std::chrono::seconds>(now));
    const Timestamp from = start.value_or(until - std::chrono::days{1});
    if (from > until) errors.push_back({"start", "must not be after end"});
    return {from, until};
}

std::optional<microseconds> parse_rollup_resolution(std::string_view text) {
    if (text == "raw") return microseconds{0};
    for (const Resolution& resolution : k_resolutions) {
        if (resolution.name == text && resolution.width >= std::chrono::minutes{1}) {
            return resolution.width;
        }
    }
    return std::nullopt;
}

std::string reading_cursor(const HistoryQuery::After& after) {
    std::string cursor{'r'};
    cursor += std::to_string(to_micros(after.time));
    cursor += '.';
    cursor += std::to_string(after.sequence);
    return cursor;
}

std::string bucket_cursor(Timestamp start) {
    std::string cursor{'b'};
    cursor += std::to_string(to_micros(start));
    return cursor;
}

}  // namespace modax::http
