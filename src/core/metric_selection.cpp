#include "core/metric_selection.hpp"

#include "core/flat_json.hpp"

#include <algorithm>
#include <cctype>

namespace modax {
namespace {

bool is_metric_name(std::string_view name) {
    if (name.empty() || name.size() > 64) return false;
    if (std::isdigit(static_cast<unsigned char>(name.front())) != 0) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
    });
}

void append_value(std::string& out, const Reading& reading, std::string_view name) {
    if (const auto quantity = quantity_index(name)) {
        append_json_number(out, reading.quantities[*quantity]);
    } else if (name == "is_safe") {
        out += !reading.is_safe ? "null" : *reading.is_safe ? "true" : "false";
    } else if (const MetricValue* value = find_metric(reading, name); value == nullptr) {
        out += "null";
    } else if (const auto* number = std::get_if<double>(value)) {
        append_json_number(out, *number);
    } else if (const auto* flag = std::get_if<bool>(value)) {
        out += *flag ? "true" : "false";
    } else {
        append_json_string(out, std::get<std::string>(*value));
    }
}

}  // namespace

std::optional<std::size_t> quantity_index(std::string_view name) {
    const auto found = std::find(k_quantity_names.begin(), k_quantity_names.end(), name);
    if (found == k_quantity_names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - k_quantity_names.begin());
}

const MetricValue* find_metric(const Reading& reading, std::string_view name) {
    for (const Metric& metric : reading.metrics) {
        if (metric.name == name) return &metric.value;
    }
    return nullptr;
}

std::optional<std::vector<std::string>> parse_metric_names(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (comma > 0) names.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    if (!std::all_of(names.begin(), names.end(), is_metric_name)) return std::nullopt;
    return names;
}

void append_selected_json(
    std::string& out, const Reading& reading, const std::vector<std::string>& names
) {
    if (names.empty()) {
        append_flat_json(out, reading);
        return;
    }
    out += "{\"timestamp\":\"";
    append_iso8601(out, reading.time);
    out += "\",\"device_id\":";
    append_json_string(out, reading.device->id());
    if (reading.sequence >= 0) out += ",\"seq\":" + std::to_string(reading.sequence);
    for (const std::string& name : names) {
        out += ',';
        append_json_string(out, name);
        out += ':';
        append_value(out, reading, name);
    }
    out += '}';
}

std::optional<double> find_number(const Reading& reading, std::string_view name) {
    if (const auto quantity = quantity_index(name)) {
        const double value = reading.quantities[*quantity];
        return std::isnan(value) ? std::nullopt : std::optional{value};
    }
    if (name == "is_safe") {
        return reading.is_safe ? std::optional{*reading.is_safe ? 1.0 : 0.0} : std::nullopt;
    }
    const MetricValue* value = find_metric(reading, name);
    if (value == nullptr) return std::nullopt;
    if (const auto* number = std::get_if<double>(value)) return *number;
    if (const auto* flag = std::get_if<bool>(value)) return *flag ? 1.0 : 0.0;
    return std::nullopt;
}

}  // namespace modax
