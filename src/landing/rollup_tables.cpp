#include "landing/rollup_tables.hpp"

#include "landing/rows.hpp"
#include "landing/stream_keys.hpp"

#include <algorithm>

namespace modax::landing {

Summary read_summary(const Statement& row, int column, std::int64_t start) {
    const std::int64_t origin = start * k_micros_per_second;
    Summary summary;
    summary.count = static_cast<std::uint64_t>(row.integer(column));
    summary.sum = row.number(column + 1);
    summary.squares = row.number(column + 2);
    summary.min = row.number(column + 3);
    summary.max = row.number(column + 4);
    summary.first = row.number(column + 5);
    summary.last = row.number(column + 6);
    summary.first_key = {origin + row.integer(column + 7), row.integer(column + 8)};
    summary.last_key = {origin + row.integer(column + 9), row.integer(column + 10)};
    return summary;
}

void bind_summary(Statement& statement, int index, const Summary& summary, std::int64_t start) {
    const std::int64_t origin = start * k_micros_per_second;
    statement.bind(index, static_cast<std::int64_t>(summary.count))
        .bind(index + 1, summary.sum)
        .bind(index + 2, summary.squares)
        .bind(index + 3, summary.min)
        .bind(index + 4, summary.max)
        .bind(index + 5, summary.first)
        .bind(index + 6, summary.last)
        .bind(index + 7, summary.first_key.time - origin)
        .bind(index + 8, summary.first_key.sequence)
        .bind(index + 9, summary.last_key.time - origin)
        .bind(index + 10, summary.last_key.sequence);
}

Result<bool> waits_for_rollups(Connection& connection, std::int64_t hour, std::int64_t last) {
    const auto waiting = connection.integer(
        "SELECT EXISTS(SELECT 1 FROM rollup_backfill WHERE hour=" + std::to_string(hour) + ")"
    );
    if (!waiting) return tl::make_unexpected(waiting.error());
    if (*waiting != 0) return true;
    const auto through = connection.integer("SELECT through FROM rollup_state");
    if (!through) return tl::make_unexpected(through.error());
    Statement log;
    auto prepared = connection.prepare(
        log,
        "SELECT first, keys FROM stream_log WHERE first >= coalesce("
        "(SELECT max(first) FROM stream_log WHERE first <= ?1), ?1) ORDER BY first"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    log.bind(1, *through + 1);
    Step step = Step::done;
    while ((step = log.step()) == Step::row) {
        std::int64_t number = log.integer(0);
        StreamKeyDecoder keys{log.text(1)};
        for (auto key = keys.next(); key; key = keys.next(), ++number) {
            if (number > last) return false;
            if (number > *through && !key->safety && hour_of(key->time) == hour) return true;
        }
    }
    if (step == Step::failed) return tl::make_unexpected(connection.failure("read the log"));
    return false;
}

Status RollupMetrics::load(Connection& connection) {
    metrics_.clear();
    for (Numbers& numbers : numbers_) numbers.clear();
    Statement rows;
    auto prepared = connection.prepare(rows, "SELECT number, name, flag FROM rollup_metrics");
    if (!prepared) return prepared;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) {
        const Metric metric{std::string{rows.text(1)}, rows.integer(2) != 0};
        numbers_.at(metric.flag ? 1 : 0)[metric.name] = rows.integer(0);
        metrics_[rows.integer(0)] = metric;
    }
    if (step == Step::failed) {
        return tl::make_unexpected(connection.failure("read the metrics of the rollups"));
    }
    saved_ = metrics_.empty() ? 0 : metrics_.rbegin()->first;
    return {};
}

const RollupMetrics::Metric* RollupMetrics::find(std::int64_t number) const {
    const auto found = metrics_.find(number);
    return found == metrics_.end() ? nullptr : &found->second;
}

std::int64_t RollupMetrics::number_of(std::string_view name, bool flag) {
    Numbers& numbers = numbers_.at(flag ? 1 : 0);
    if (const auto found = numbers.find(name); found != numbers.end()) return found->second;
    if (metrics_.size() >= k_max_metrics) return -2;
    const std::int64_t number = metrics_.rbegin()->first + 1;
    metrics_[number] = {std::string{name}, flag};
    numbers.emplace(name, number);
    return number;
}

Status RollupMetrics::save(Connection& connection) {
    if (metrics_.empty() || metrics_.rbegin()->first == saved_) return {};
    Statement insert;
    auto prepared = connection.prepare(insert, "INSERT INTO rollup_metrics VALUES(?1,?2,?3)");
    if (!prepared) return prepared;
    for (auto added = metrics_.upper_bound(saved_); added != metrics_.end(); ++added) {
        insert.bind(1, added->first)
            .bind(2, std::string_view{added->second.name})
            .bind(3, std::int64_t{added->second.flag ? 1 : 0});
        if (insert.run() == Step::failed) {
            return tl::make_unexpected(connection.failure("name a metric of the rollups"));
        }
    }
    saved_ = metrics_.rbegin()->first;
    return {};
}

Summary& RollupCells::of(std::int64_t metric) {
    const auto found = std::find_if(cells_.begin(), cells_.end(), [metric](const auto& cell) {
        return cell.first == metric;
    });
    if (found != cells_.end()) return found->second;
    return cells_.emplace_back(metric, Summary{}).second;
}

void RollupCells::merge(const RollupCells& other) {
    readings += other.readings;
    for (const auto& [metric, summary] : other.cells_) of(metric).merge(summary);
}

}  // namespace modax::landing
