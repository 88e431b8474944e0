#include "http/bucket.hpp"

#include "core/flat_json.hpp"
#include "http/metric_selection.hpp"

#include <algorithm>

namespace modax::http {

void Bucket::begin(Timestamp start) {
    start_ = start;
    readings_ = 0;
    for (Summary& summary : summaries_) summary.count = 0;
}

void Bucket::add(const Reading& reading) {
    ++readings_;
    if (!names_.empty()) {
        for (const std::string& name : names_) {
            if (const auto number = find_number(reading, name)) add(name, *number);
        }
        return;
    }
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        const double value = reading.quantities[i];
        if (!std::isnan(value)) add(k_quantity_names[i], value);
    }
    for (const Metric& metric : reading.metrics) {
        if (const auto* number = std::get_if<double>(&metric.value)) add(metric.name, *number);
    }
}

void Bucket::add(std::string_view name, double value) {
    auto found = std::find_if(summaries_.begin(), summaries_.end(), [name](const Summary& known) {
        return known.name == name;
    });
    if (found == summaries_.end()) {
        found = summaries_.emplace(summaries_.end());
        found->name = name;
    }
    Summary& summary = *found;
    if (summary.count == 0) {
        summary.min = summary.max = summary.first = value;
        summary.sum = 0;
    }
    ++summary.count;
    summary.min = std::min(summary.min, value);
    summary.max = std::max(summary.max, value);
    summary.last = value;
    summary.sum += value;
}

void Bucket::append_json(std::string& out) const {
    out += "{\"start\":\"";
    append_iso8601(out, start_);
    out += "\",\"count\":" + std::to_string(readings_) + ",\"metrics\":{";
    for (const Summary& summary : summaries_) {
        if (summary.count == 0) continue;
        if (out.back() != '{') out += ',';
        append_json_string(out, summary.name);
        out += ":{\"count\":" + std::to_string(summary.count);
        const auto append = [&out](std::string_view name, double value) {
            out += ",\"";
            out += name;
            out += "\":";
            append_json_number(out, value);
        };
        append("min", summary.min);
        append("max", summary.max);
        append("mean", static_cast<double>(summary.sum / summary.count));
        append("first", summary.first);
        append("last", summary.last);
        out += '}';
    }
    out += "}}";
}

}  // namespace modax::http
