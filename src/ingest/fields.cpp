#include "ingest/fields.hpp"

#include <algorithm>

namespace modax::ingest {
namespace {

constexpr std::size_t k_max_name = 64;

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

Field when(bool same, Field field) {
    return same ? field : Field::metric;
}

}  // namespace

Field field_of(std::string_view name) {
    switch (name.size()) {
        case 3:
            return when(name == "seq", Field::sequence);
        case 7:
            if (name == "current") return Field::current;
            return when(name == "is_safe", Field::is_safe);
        case 8:
            if (name == "power_kw") return Field::power_kw;
            return when(name == "sequence", Field::sequence);
        case 9:
            if (name == "timestamp") return Field::timestamp;
            if (name == "device_id") return Field::device_id;
            if (name == "vibration") return Field::vibration;
            return when(name == "feed_rate", Field::feed_rate);
        case 11:
            return when(name == "temperature", Field::temperature);
        case 12:
            return when(name == "temperatures", Field::temperatures);
        case 13:
            return when(name == "spindle_speed", Field::spindle_speed);
        case 14:
            return when(name == "motor_currents", Field::motor_currents);
        default:
            return Field::metric;
    }
}

std::optional<Quantity> quantity_of(Field field) {
    switch (field) {
        case Field::temperature:
            return Quantity::temperature;
        case Field::current:
            return Quantity::current;
        case Field::vibration:
            return Quantity::vibration;
        case Field::spindle_speed:
            return Quantity::spindle_speed;
        case Field::power_kw:
            return Quantity::power_kw;
        case Field::feed_rate:
            return Quantity::feed_rate;
        default:
            return std::nullopt;
    }
}

bool is_metric_name(std::string_view name) {
    if (name.empty() || name.size() > k_max_name || !is_letter(name.front())) return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
}

std::optional<std::string_view> DistinctNames::duplicate() {
    // Comparing each with each is quicker for the few names of a usual payload.
    constexpr std::size_t k_few = 24;
    if (names_.size() <= k_few) {
        for (std::size_t i = 1; i < names_.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (names_[i] == names_[j]) return names_[i];
            }
        }
        return std::nullopt;
    }
    std::sort(names_.begin(), names_.end());
    const auto found = std::adjacent_find(names_.begin(), names_.end());
    if (found == names_.end()) return std::nullopt;
    return *found;
}

}  // namespace modax::ingest
