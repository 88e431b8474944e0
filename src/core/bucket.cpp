#include "core/bucket.hpp"

#include "core/flat_json.hpp"

#include <algorithm>

namespace modax {
namespace {

constexpr std::string_view k_is_safe = "is_safe";

Summary::Key key_of(const Reading& reading) {
    return {to_micros(reading.time), reading.sequence};
}

}  // namespace

Bucket::Bucket(std::vector<std::string> names) : all_{names.empty()} {
    if (all_) {
        for (const auto name : k_quantity_names) cells_.push_back({std::string{name}, false, {}});
    }
    for (const std::string& name : names) {
        cells_.push_back({name, false, {}});
        cells_.push_back({name, true, {}});
    }
}

void Bucket::begin(Timestamp start) {
    start_ = start;
    readings_ = 0;
    for (Cell& cell : cells_) cell.summary.count = 0;
}

Summary* Bucket::cell(std::string_view name, bool flag) {
    if (all_ && flag) return nullptr;
    auto found = std::find_if(cells_.begin(), cells_.end(), [&](const Cell& known) {
        return known.flag == flag && known.name == name;
    });
    if (found == cells_.end()) {
        if (!all_) return nullptr;
        found = cells_.insert(cells_.end(), {std::string{name}, flag, {}});
    }
    return &found->summary;
}

void Bucket::add(const Reading& reading) {
    ++readings_;
    const auto key = key_of(reading);
    if (all_) {
        for (std::size_t i = 0; i < k_quantity_count; ++i) {
            const double value = reading.quantities[i];
            if (!std::isnan(value)) cells_[i].summary.add(value, key);
        }
    } else {
        for (std::size_t i = 0; i < k_quantity_count; ++i) {
            const double value = reading.quantities[i];
            if (std::isnan(value)) continue;
            if (Summary* known = cell(k_quantity_names[i], false)) known->add(value, key);
        }
        if (reading.is_safe) {
            if (Summary* known = cell(k_is_safe, true)) known->add(*reading.is_safe ? 1 : 0, key);
        }
    }
    for (const Metric& metric : reading.metrics) {
        if (const auto* number = std::get_if<double>(&metric.value)) {
            if (Summary* known = cell(metric.name, false)) known->add(*number, key);
        } else if (const auto* flag = std::get_if<bool>(&metric.value)) {
            if (Summary* known = cell(metric.name, true)) known->add(*flag ? 1 : 0, key);
        }
    }
}

void Bucket::merge(std::string_view name, bool flag, const Summary& summary) {
    if (Summary* known = cell(name, flag)) known->merge(summary);
}

bool Bucket::wants(std::string_view name, bool flag) const {
    if (all_) return !flag;
    return std::any_of(cells_.begin(), cells_.end(), [name](const Cell& cell) {
        return cell.name == name;
    });
}

bool Bucket::shadowed(const Cell& cell) const {
    return cell.flag && std::any_of(cells_.begin(), cells_.end(), [&](const Cell& other) {
               return !other.flag && other.summary.count > 0 && other.name == cell.name;
           });
}

void Bucket::each(const std::function<void(const std::string&, const Summary&)>& visit) const {
    for (const Cell& cell : cells_) {
        if (cell.summary.count > 0 && !shadowed(cell)) visit(cell.name, cell.summary);
    }
}

const Summary* Bucket::find(std::string_view name) const {
    for (const Cell& cell : cells_) {
        if (cell.summary.count > 0 && cell.name == name && !shadowed(cell)) return &cell.summary;
    }
    return nullptr;
}

void Bucket::append_json(std::string& out) const {
    out += "{\"start\":\"";
    append_iso8601(out, start_);
    out += "\",\"count\":" + std::to_string(readings_) + ",\"metrics\":{";
    each([&](const std::string& name, const Summary& summary) {
        if (out.back() != '{') out += ',';
        append_json_string(out, name);
        out += ":{";
        append_summary_members(out, summary);
        out += '}';
    });
    out += "}}";
}

void append_summary_members(std::string& out, const Summary& summary) {
    out += "\"count\":" + std::to_string(summary.count);
    const auto append = [&out](std::string_view name, double value) {
        out += ",\"";
        out += name;
        out += "\":";
        append_json_number(out, value);
    };
    append("min", summary.min);
    append("max", summary.max);
    append("mean", summary.mean());
    append("first", summary.first);
    append("last", summary.last);
    // null below two values.
    append("stddev", summary.standard_deviation().value_or(std::nan("")));
}

}  // namespace modax
