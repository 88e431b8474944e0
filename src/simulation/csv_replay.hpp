// Plays a CSV of readings: a header, then a reading per row. Streams, so that the file may be of
// any size. Owned by one caller; not thread-safe.
//
// The time is in the column `timestamp` (or the one named in the options): ISO 8601, or a number of
// seconds or milliseconds since 1970. Every other column is a member of the reading: numbers (with
// a decimal comma too where the delimiter is not ','), true and false, else text. An empty cell,
// "nan", "na" or "null" is no value. A column `value` becomes `temperature`; `device_id`, `seq` and
// `sequence` are left out, as the replay has its own. Characters that a metric's name may not have
// become '_'.
#pragma once

#include "core/reading.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "simulation/csv_reader.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::simulation {

struct CsvReplayOptions {
    std::string time_column = "timestamp";
    std::optional<char> delimiter{};  // nullopt: found out from the header
    // Column to member, as in "value=temperature"; an empty member leaves the column out.
    std::vector<std::pair<std::string, std::string>> map{};
};

// "value=temperature"; "anomaly=" leaves the column out. Errors: invalid_argument.
Result<std::pair<std::string, std::string>> parse_column_map(std::string_view text);

struct CsvRow {
    std::chrono::microseconds offset{0};  // since the first row; never less than the row before
    Timestamp time;                       // as in the file
    std::vector<Metric> members;          // as append_reading_payload() takes them
};

class CsvReplay {
public:
    // Reads the header. Errors: not_found, io_error, invalid_argument (with file and line).
    static Result<CsvReplay> open(
        const std::filesystem::path& path, const CsvReplayOptions& options
    );
    // `size` in bytes, 0 when unknown; `name` is for messages.
    static Result<CsvReplay> open(
        std::unique_ptr<std::istream> in,
        std::string name,
        std::uint64_t size,
        const CsvReplayOptions& options
    );

    // The next row with at least one value; nullopt at the end. After an error the next call goes
    // on with the row behind it. Errors: invalid_argument with file, line, column and value.
    Result<std::optional<CsvRow>> next();
    // Starts over; the offset starts from 0 again.
    Status rewind();

    // 0..1 by bytes; 0 when the size is unknown.
    double progress() const;
    // Of the members, in order of the file.
    const std::vector<std::string>& members() const { return members_; }

private:
    CsvReplay(CsvReader reader, std::uint64_t size);
    Status read_header(const CsvReplayOptions& options);
    Status add_column(
        std::string_view column, std::size_t position, const CsvReplayOptions& options
    );
    Result<Timestamp> time_of(const std::string& cell) const;
    Result<std::optional<MetricValue>> value_of(const std::string& cell, const std::string& member)
        const;

    CsvReader reader_;
    std::uint64_t size_;
    std::size_t columns_ = 0;
    std::size_t time_position_ = 0;
    std::vector<std::size_t> positions_;  // of the members
    std::vector<std::string> members_;
    std::optional<Timestamp> first_;
    std::chrono::microseconds last_offset_{0};
};

}  // namespace modax::simulation
