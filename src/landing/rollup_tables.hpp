// The rollup tables as rows, both ways, and which tables there are. Private to the landing module.
#pragma once

#include "core/summary.hpp"
#include "landing/sqlite.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace modax::landing {

inline constexpr std::int64_t k_micros_per_second = 1'000'000;
inline constexpr std::int64_t k_readings_metric = -1;  // only counts
inline constexpr std::int64_t k_is_safe_metric = 6;

struct RollupLevel {
    const char* table;
    std::int64_t seconds;
};
// Fine to coarse.
inline constexpr std::array<RollupLevel, 3> k_rollup_levels{
    {{"rollups_1m", 60}, {"rollups_1h", 3600}, {"rollups_1d", 86'400}}};

// Rounded down, also before 1970.
constexpr std::int64_t floor_to(std::int64_t value, std::int64_t width) {
    const std::int64_t over = value % width;
    return over < 0 ? value - over - width : value - over;
}
constexpr std::int64_t ceil_to(std::int64_t value, std::int64_t width) {
    return -floor_to(-value, width);
}

#define MODAX_SUMMARY_COLUMNS                                                             \
    "count, sum, squares, min, max, first, last, first_time, first_sequence, last_time, " \
    "last_sequence"

// From `column` on, in the order of MODAX_SUMMARY_COLUMNS; `start` in seconds.
Summary read_summary(const Statement& row, int column, std::int64_t start);
void bind_summary(Statement& statement, int index, const Summary& summary, std::int64_t start);

// Whether a reading of that hour is not summed up yet, of the events up to `last`.
Result<bool> waits_for_rollups(Connection& connection, std::int64_t hour, std::int64_t last);

// The numbers of metrics, in both directions. Only few names are told apart: a machine that makes
// up new ones must not fill the store.
class RollupMetrics {
public:
    static constexpr std::size_t k_max_metrics = 4096;

    struct Metric {
        std::string name;
        bool flag = false;
    };

    // What the table has by now.
    Status load(Connection& connection);
    // nullptr: unknown.
    const Metric* find(std::int64_t number) const;
    // The number of a metric; that of a new one is not in the table before save(). -2: too many.
    std::int64_t number_of(std::string_view name, bool flag);
    Status save(Connection& connection);

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Numbers = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;

    std::map<std::int64_t, Metric> metrics_;
    std::array<Numbers, 2> numbers_;  // by flag
    std::int64_t saved_ = 0;          // the highest number in the table
};

// The summaries of one device and span, by metric; few, so a vector.
class RollupCells {
public:
    Summary& of(std::int64_t metric);
    std::uint64_t readings = 0;
    void merge(const RollupCells& other);
    const std::vector<std::pair<std::int64_t, Summary>>& cells() const { return cells_; }

private:
    std::vector<std::pair<std::int64_t, Summary>> cells_;
};

}  // namespace modax::landing
