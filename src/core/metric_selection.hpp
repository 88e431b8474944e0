// Readings as flat JSON with only the metrics a client asked for. Pure; any thread.
#pragma once

#include "core/reading.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax {

// The names of a "metrics=a,b" list; nullopt when one is not a metric's name ("is_safe" is one).
std::optional<std::vector<std::string>> parse_metric_names(std::string_view list);

// Flat JSON; with `names`, only "timestamp", "device_id", "seq" and those, each always there and
// null when the reading has no such value. All when `names` is empty.
void append_selected_json(
    std::string& out, const Reading& reading, const std::vector<std::string>& names
);

// The value of that name; nullptr: the reading has no such further metric.
const MetricValue* find_metric(const Reading& reading, std::string_view name);
std::optional<std::size_t> quantity_index(std::string_view name);

// The number of that name; nullopt when the reading has none. Booleans are 0 and 1.
std::optional<double> find_number(const Reading& reading, std::string_view name);

}  // namespace modax
