// The names a payload may use, and what each means. Inside ingest only.
#pragma once

#include "core/reading.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace modax::ingest {

enum class Field : std::uint8_t {
    metric,  // any other name
    timestamp,
    device_id,
    sequence,  // "seq" or "sequence"
    is_safe,
    motor_currents,  // classic MODAX JSON
    temperatures,
    temperature,
    current,
    vibration,
    spindle_speed,
    power_kw,
    feed_rate,
};

// By length first, as every member of every payload goes through here.
Field field_of(std::string_view name);
// nullopt when the field is no quantity.
std::optional<Quantity> quantity_of(Field field);
// [A-Za-z_][A-Za-z0-9_.-]{0,63}
bool is_metric_name(std::string_view name);

// Finds a name that is there twice. Keeps views: the names must stay until the next clear().
class DistinctNames {
public:
    void clear() { names_.clear(); }
    void add(std::string_view name) { names_.push_back(name); }
    // A name that was added twice. May reorder what was added.
    std::optional<std::string_view> duplicate();

private:
    std::vector<std::string_view> names_;
};

}  // namespace modax::ingest
