#include "store/metric_columns.hpp"

#include "core/reading.hpp"

#include <algorithm>
#include <array>

namespace modax::store {
namespace {

constexpr std::array<std::string_view, 3> k_type_names{"number", "boolean", "text"};

bool is_plain_name(std::string_view name) {
    constexpr std::string_view k_first = "abcdefghijklmnopqrstuvwxyz_";
    constexpr std::string_view k_others = "abcdefghijklmnopqrstuvwxyz_0123456789";
    return !name.empty() && name.size() <= 63 && k_first.find(name.front()) != k_first.npos &&
           name.find_first_not_of(k_others) == name.npos;
}

bool is_taken(std::string_view name) {
    // Columns of sensor_data, and the system columns of every table.
    constexpr std::array<std::string_view, 11> k_others{
        "time",
        "device_id",
        "is_safe",
        "metrics",
        "seq",
        "tableoid",
        "xmin",
        "xmax",
        "cmin",
        "cmax",
        "ctid"};
    return std::find(k_quantity_names.begin(), k_quantity_names.end(), name) !=
               k_quantity_names.end() ||
           std::find(k_others.begin(), k_others.end(), name) != k_others.end();
}

Result<MetricColumn> parse(std::string_view text) {
    const auto refuse = [text](const std::string& why) {
        return fail(
            Errc::invalid_argument,
            "database.metric_columns: \"" + std::string{text} + "\" " + why +
                "; write \"NAME TYPE UNIT\", for example \"coolant_pressure number bar\""
        );
    };
    const auto name_end = text.find(' ');
    if (name_end == text.npos) return refuse("has no type");
    const auto name = text.substr(0, name_end);
    const auto rest = text.substr(name_end + 1);
    const auto type_end = rest.find(' ');
    const auto type = rest.substr(0, type_end);
    const auto found = std::find(k_type_names.begin(), k_type_names.end(), type);
    if (found == k_type_names.end())
        return refuse("has a type that is not number, boolean or text");
    if (!is_plain_name(name)) {
        return refuse("has a name that is not small letters, digits and '_', 63 at most");
    }
    if (is_taken(name)) return refuse("has the name of a column that is there already");
    MetricColumn column;
    column.name = name;
    column.type = static_cast<MetricColumn::Type>(found - k_type_names.begin());
    if (type_end != rest.npos) column.unit = rest.substr(type_end + 1);
    return column;
}

}  // namespace

std::string_view name_of(MetricColumn::Type type) {
    return k_type_names.at(static_cast<std::size_t>(type));
}

std::string_view sql_type_of(MetricColumn::Type type) {
    constexpr std::array<std::string_view, 3> k_types{"double precision", "boolean", "text"};
    return k_types.at(static_cast<std::size_t>(type));
}

Result<std::vector<MetricColumn>> parse_metric_columns(const std::vector<std::string>& declared) {
    std::vector<MetricColumn> columns;
    for (const auto& text : declared) {
        auto column = parse(text);
        if (!column) return tl::make_unexpected(column.error());
        const bool repeated = std::any_of(columns.begin(), columns.end(), [&](const auto& other) {
            return other.name == column->name;
        });
        if (repeated) {
            return fail(
                Errc::invalid_argument,
                "database.metric_columns: " + column->name + " is declared twice; leave one out"
            );
        }
        columns.push_back(std::move(*column));
    }
    return columns;
}

}  // namespace modax::store
