#include "simulation/csv_replay.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <system_error>

namespace modax::simulation {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t k_limit = 40;
    const bool cut = text.size() > k_limit;
    return "'" + std::string{text.substr(0, k_limit)} + (cut ? "…'" : "'");
}

bool may_start_a_name(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// As a metric's name may be: [A-Za-z_][A-Za-z0-9_.-]{0,63}.
std::string member_name(std::string_view column) {
    constexpr std::size_t k_longest = 64;
    std::string name;
    for (const char c : column) {
        const bool fits = may_start_a_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
        name += fits ? c : '_';
    }
    if (name.empty() || !may_start_a_name(name.front())) name.insert(name.begin(), '_');
    if (name.size() > k_longest) name.resize(k_longest);
    return name;
}

std::optional<double> number_in(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    double number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(number)) return std::nullopt;
    return number;
}

bool is_missing(std::string_view cell) {
    constexpr std::array<std::string_view, 4> k_words{"nan", "na", "null", "none"};
    if (cell.empty()) return true;
    if (cell.size() > 4) return false;
    return std::find(k_words.begin(), k_words.end(), lower(cell)) != k_words.end();
}

}  // namespace

Result<std::pair<std::string, std::string>> parse_column_map(std::string_view text) {
    const auto at = text.rfind('=');
    if (at == std::string_view::npos || at == 0) {
        return fail(
            Errc::invalid_argument,
            "map " + in_quotes(text) + ": write COLUMN=METRIC, for example value=temperature"
        );
    }
    const auto member = text.substr(at + 1);
    if (!member.empty() && member != member_name(member)) {
        return fail(
            Errc::invalid_argument,
            "map " + in_quotes(text) + ": a metric must match [A-Za-z_][A-Za-z0-9_.-]{0,63}"
        );
    }
    return std::pair{std::string{text.substr(0, at)}, std::string{member}};
}

CsvReplay::CsvReplay(CsvReader reader, std::uint64_t size)
    : reader_{std::move(reader)}, size_{size} {}

Result<CsvReplay> CsvReplay::open(
    const std::filesystem::path& path, const CsvReplayOptions& options
) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return fail(Errc::not_found, "cannot open " + path.string() + ": no such file");
    }
    auto in = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*in || std::filesystem::is_directory(path, error)) {
        return fail(Errc::io_error, "cannot open " + path.string() + " for reading");
    }
    const auto size = std::filesystem::file_size(path, error);
    return open(std::move(in), path.string(), error ? 0 : size, options);
}

Result<CsvReplay> CsvReplay::open(
    std::unique_ptr<std::istream> in,
    std::string name,
    std::uint64_t size,
    const CsvReplayOptions& options
) {
    CsvReplay replay{CsvReader{std::move(in), std::move(name), options.delimiter}, size};
    if (auto read = replay.read_header(options); !read) return tl::make_unexpected(read.error());
    return replay;
}

Status CsvReplay::read_header(const CsvReplayOptions& options) {
    const auto header = reader_.next();
    if (!header) return tl::make_unexpected(header.error());
    if (!*header) return reader_.error_here("the file is empty; a header is needed");
    const auto& columns = ***header;
    columns_ = columns.size();
    const auto time = std::find_if(columns.begin(), columns.end(), [&options](const auto& column) {
        return lower(trimmed(column)) == lower(options.time_column);
    });
    if (time == columns.end()) {
        std::string known;
        for (const auto& column : columns) known += (known.empty() ? "" : ", ") + in_quotes(column);
        return reader_.error_here(
            "no column " + in_quotes(options.time_column) + " for the time (there are " + known +
            "); name another one, or another delimiter"
        );
    }
    time_position_ = static_cast<std::size_t>(time - columns.begin());
    for (const auto& mapped : options.map) {
        const auto found = std::any_of(columns.begin(), columns.end(), [&mapped](const auto& one) {
            return trimmed(one) == mapped.first;
        });
        if (!found) return reader_.error_here("no column " + in_quotes(mapped.first) + " to map");
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i == time_position_) continue;
        if (auto added = add_column(trimmed(columns[i]), i, options); !added) return added;
    }
    if (members_.empty()) return reader_.error_here("no column besides the time has values");
    return {};
}

Status CsvReplay::add_column(
    std::string_view column, std::size_t position, const CsvReplayOptions& options
) {
    const auto mapped =
        std::find_if(options.map.begin(), options.map.end(), [column](const auto& entry) {
            return entry.first == column;
        });
    std::string member;
    if (mapped != options.map.end()) {
        member = mapped->second;
    } else if (column != "device_id" && column != "seq" && column != "sequence") {
        member = column == "value" ? "temperature" : member_name(column);
    }
    if (member.empty()) return {};
    if (member == "timestamp" || member == "device_id" || member == "seq" || member == "sequence") {
        return reader_.error_here(
            "column " + in_quotes(column) + " would become " + in_quotes(member) +
            ", which has a meaning of its own; map it to another name or to none"
        );
    }
    if (std::find(members_.begin(), members_.end(), member) != members_.end()) {
        return reader_.error_here(
            "two columns become " + in_quotes(member) + "; map one of them to another name"
        );
    }
    members_.push_back(std::move(member));
    positions_.push_back(position);
    return {};
}

Result<std::optional<CsvRow>> CsvReplay::next() {
    while (true) {
        const auto record = reader_.next();
        if (!record) return tl::make_unexpected(record.error());
        if (!*record) return std::nullopt;
        const auto& cells = ***record;
        if (cells.size() != columns_) {
            return reader_.error_here(
                "the row has " + std::to_string(cells.size()) + " fields, the header has " +
                std::to_string(columns_)
            );
        }
        const auto time = time_of(cells[time_position_]);
        if (!time) return tl::make_unexpected(time.error());
        CsvRow row;
        row.time = *time;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            auto value = value_of(cells[positions_[i]], members_[i]);
            if (!value) return tl::make_unexpected(value.error());
            if (*value) row.members.push_back(Metric{members_[i], std::move(**value)});
        }
        if (row.members.empty()) continue;
        if (!first_) first_ = row.time;
        // A clock that went back, as in the hour when summer time ends: the row follows at once.
        last_offset_ = std::max(last_offset_, row.time - *first_);
        row.offset = last_offset_;
        return row;
    }
}

Result<Timestamp> CsvReplay::time_of(const std::string& cell) const {
    constexpr double k_first_milliseconds = 1e11;  // as seconds, it would be the year 5138
    constexpr double k_last_milliseconds = 253402300800e3;
    const auto text = trimmed(cell);
    if (const auto time = parse_iso8601(text)) return *time;
    const auto number = number_in(text);
    if (number && *number >= 0 && *number < k_last_milliseconds) {
        const double scale = *number < k_first_milliseconds ? 1e6 : 1e3;
        return from_micros(std::llround(*number * scale));
    }
    return reader_.error_here(
        "the time is " + in_quotes(text) +
        "; ISO 8601 such as 2025-12-09T10:30:00Z, or seconds or milliseconds since 1970 are read"
    );
}

Result<std::optional<MetricValue>> CsvReplay::value_of(
    const std::string& cell, const std::string& member
) const {
    constexpr std::size_t k_longest_text = 256;
    const auto text = trimmed(cell);
    if (is_missing(text)) return std::optional<MetricValue>{};
    const auto number = number_in(text);
    if (member == "is_safe") {
        if (text == "0" || lower(text) == "false") return MetricValue{false};
        if (text == "1" || lower(text) == "true") return MetricValue{true};
        return reader_.error_here("is_safe is " + in_quotes(text) + ", must be true or false");
    }
    if (number) return MetricValue{*number};
    if (reader_.delimiter() != ',' && std::count(text.begin(), text.end(), ',') == 1) {
        std::string with_point{text};
        std::replace(with_point.begin(), with_point.end(), ',', '.');
        if (const auto decimal = number_in(with_point)) return MetricValue{*decimal};
    }
    const auto is_quantity = std::find(k_quantity_names.begin(), k_quantity_names.end(), member) !=
                             k_quantity_names.end();
    if (is_quantity) {
        return reader_.error_here(member + " is " + in_quotes(text) + ", must be a number");
    }
    if (lower(text) == "true") return MetricValue{true};
    if (lower(text) == "false") return MetricValue{false};
    if (text.size() > k_longest_text) {
        return reader_.error_here(member + " is a text of over 256 bytes");
    }
    return MetricValue{std::string{text}};
}

Status CsvReplay::rewind() {
    if (auto back = reader_.rewind(); !back) return back;
    const auto header = reader_.next();
    if (!header) return tl::make_unexpected(header.error());
    first_.reset();
    last_offset_ = std::chrono::microseconds{0};
    return {};
}

double CsvReplay::progress() const {
    if (size_ == 0) return 0;
    return std::min(1.0, static_cast<double>(reader_.bytes_read()) / static_cast<double>(size_));
}

}  // namespace modax::simulation
