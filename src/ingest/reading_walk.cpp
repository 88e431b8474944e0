#include "ingest/reading_walk.hpp"

#include "ingest/decoder.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace modax::ingest {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr double k_none = std::numeric_limits<double>::quiet_NaN();

Decoded<double> plausible(std::string_view name, element value) {
    double number = 0;
    if (!value.is_number() || value.get(number) != SUCCESS) {
        return wrong_type(name, value, "a number");
    }
    if (!(std::abs(number) <= k_max_magnitude)) {
        return refuse(Reason::implausible, shown(name) + " is beyond 1e15");
    }
    return number;
}

std::string joined(std::string_view name, std::string_view part) {
    std::string out;
    out.reserve(name.size() + 1 + part.size());
    out += name;
    out += '_';
    out += part;
    return out;
}

std::string numbered(std::string_view name, std::size_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    return joined(name, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

tl::unexpected<Refusal> twice(std::string_view name) {
    return refuse(Reason::duplicate_key, shown(name) + " is there twice");
}

}  // namespace

Checked ReadingWalk::walk(object object, Reading& reading, Origin& origin) {
    reading_ = &reading;
    origin_ = &origin;
    members_ = 0;
    flattened_ = false;
    mean_current_ = k_none;
    mean_temperature_ = k_none;
    names_.clear();
    for (const auto member : object) {
        if (auto counted = count_member(); !counted) return counted;
        names_.add(member.key);
        if (auto taken = take(member.key, member.value); !taken) return taken;
    }
    if (const auto name = names_.duplicate()) return twice(*name);
    if (flattened_) {
        names_.clear();
        for (const Metric& metric : reading.metrics) names_.add(metric.name);
        if (const auto name = names_.duplicate()) return twice(*name);
    }
    if (!reading.has(Quantity::current)) reading[Quantity::current] = mean_current_;
    if (!reading.has(Quantity::temperature)) reading[Quantity::temperature] = mean_temperature_;
    return {};
}

Checked ReadingWalk::take(std::string_view name, element value) {
    const Field field = field_of(name);
    auto of_origin = origin_->take(field, name, value);
    if (!of_origin) return tl::make_unexpected(std::move(of_origin.error()));
    if (*of_origin || value.is_null()) return {};
    switch (field) {
        case Field::motor_currents:
            return take_series(name, value, "current", mean_current_);
        case Field::temperatures:
            return take_series(name, value, "temperature", mean_temperature_);
        case Field::is_safe:
            return take_is_safe(name, value);
        case Field::metric:
            break;
        default:
            return take_quantity(name, value, *quantity_of(field));
    }
    if (object inner; value.get(inner) == SUCCESS) return flatten(name, inner);
    if (array inner; value.get(inner) == SUCCESS) return flatten(name, inner);
    return add_metric(name, value);
}

Checked ReadingWalk::take_quantity(std::string_view name, element value, Quantity quantity) {
    if (object parts; quantity == Quantity::vibration && value.get(parts) == SUCCESS) {
        return take_vibration(parts);
    }
    // Also when one of the two was a nested member.
    if (reading_->has(quantity)) return twice(name);
    auto number = plausible(name, value);
    if (!number) return tl::make_unexpected(std::move(number.error()));
    (*reading_)[quantity] = *number;
    return {};
}

Checked ReadingWalk::take_vibration(object parts) {
    flattened_ = true;
    inner_names_.clear();
    double squares = 0;
    bool has_axis = false;
    for (const auto part : parts) {
        if (auto counted = count_member(); !counted) return counted;
        inner_names_.add(part.key);
        if (part.value.is_null()) continue;
        const std::string name = joined("vibration", part.key);
        const bool is_axis = part.key == "x" || part.key == "y" || part.key == "z";
        if (!is_axis && part.key != "magnitude") {
            if (auto taken = take_flattened(name, part.value); !taken) return taken;
            continue;
        }
        auto number = plausible(name, part.value);
        if (!number) return tl::make_unexpected(std::move(number.error()));
        if (!is_axis) {
            (*reading_)[Quantity::vibration] = *number;
            continue;
        }
        squares += *number * *number;
        has_axis = true;
        if (auto added = add_metric(name, MetricValue{*number}); !added) return added;
    }
    if (const auto name = inner_names_.duplicate()) return twice(*name);
    if (has_axis && !reading_->has(Quantity::vibration)) {
        (*reading_)[Quantity::vibration] = std::sqrt(squares);
    }
    return {};
}

Checked ReadingWalk::take_series(
    std::string_view name, element value, std::string_view part_name, double& mean
) {
    array series;
    if (value.get(series) != SUCCESS) return wrong_type(name, value, "an array of numbers");
    flattened_ = true;
    double sum = 0;
    std::size_t position = 0;
    std::size_t count = 0;
    for (const element part : series) {
        ++position;
        if (auto counted = count_member(); !counted) return counted;
        if (part.is_null()) continue;
        auto number = plausible(name, part);
        if (!number) return tl::make_unexpected(std::move(number.error()));
        sum += *number;
        ++count;
        auto added = add_metric(numbered(part_name, position), MetricValue{*number});
        if (!added) return added;
    }
    if (count > 0) mean = sum / static_cast<double>(count);
    return {};
}

Checked ReadingWalk::take_is_safe(std::string_view name, element value) {
    bool safe = false;
    if (value.get(safe) != SUCCESS) return wrong_type(name, value, "a boolean");
    reading_->is_safe = safe;
    return {};
}

Checked ReadingWalk::flatten(std::string_view name, object object) {
    flattened_ = true;
    inner_names_.clear();
    for (const auto member : object) {
        if (auto counted = count_member(); !counted) return counted;
        inner_names_.add(member.key);
        if (member.value.is_null()) continue;
        auto taken = take_flattened(joined(name, member.key), member.value);
        if (!taken) return taken;
    }
    if (const auto twice_there = inner_names_.duplicate()) return twice(*twice_there);
    return {};
}

Checked ReadingWalk::flatten(std::string_view name, array array) {
    flattened_ = true;
    std::size_t position = 0;
    for (const element part : array) {
        ++position;
        if (auto counted = count_member(); !counted) return counted;
        if (part.is_null()) continue;
        if (auto taken = take_flattened(numbered(name, position), part); !taken) return taken;
    }
    return {};
}

Checked ReadingWalk::take_flattened(const std::string& name, element value) {
    if (value.is_array() || value.is_object()) {
        return wrong_type(name, value, "a number, a boolean or a text: one level is flattened");
    }
    const Field field = field_of(name);
    if (field == Field::metric) return add_metric(name, value);
    const auto quantity = quantity_of(field);
    if (!quantity) {
        return refuse(
            Reason::bad_name, shown(name) + " is what a nested member becomes, and has a meaning"
        );
    }
    return take_quantity(name, value, *quantity);
}

Checked ReadingWalk::add_metric(std::string_view name, element value) {
    switch (value.type()) {
        case element_type::BOOL: {
            bool flag = false;
            if (value.get(flag) == SUCCESS) return add_metric(name, MetricValue{flag});
            break;
        }
        case element_type::STRING: {
            std::string_view text;
            if (value.get(text) != SUCCESS) break;
            if (text.size() > k_max_text) {
                return refuse(
                    Reason::text_too_long,
                    shown(name) + " has " + std::to_string(text.size()) + " bytes, at most 256"
                );
            }
            if (text.find('\0') != std::string_view::npos) {
                return refuse(Reason::bad_text, shown(name) + " has a NUL character");
            }
            return add_metric(name, MetricValue{std::string{text}});
        }
        default: {
            double number = 0;
            if (value.get(number) == SUCCESS) return add_metric(name, MetricValue{number});
            break;
        }
    }
    return wrong_type(name, value, "a number, a boolean or a text");
}

Checked ReadingWalk::add_metric(std::string_view name, MetricValue value) {
    if (!is_metric_name(name)) {
        return refuse(
            Reason::bad_name, "metric " + shown(name) + " must match [A-Za-z_][A-Za-z0-9_.-]{0,63}"
        );
    }
    if (reading_->metrics.size() == k_max_metrics) {
        return refuse(Reason::too_many_metrics, "a reading has at most 256 further metrics");
    }
    reading_->metrics.push_back(Metric{std::string{name}, std::move(value)});
    return {};
}

Checked ReadingWalk::count_member() {
    if (++members_ <= k_max_members) return {};
    return refuse(Reason::too_many_members, "at most 10,000 members and elements in all");
}

}  // namespace modax::ingest
