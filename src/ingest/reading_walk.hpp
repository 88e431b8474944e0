// Turns the members of a JSON object into the values of a reading. Inside ingest only; keeps its
// buffers; not thread-safe.
#pragma once

#include "core/reading.hpp"
#include "ingest/fields.hpp"
#include "ingest/origin.hpp"
#include "ingest/refusal.hpp"

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace modax::ingest {

class ReadingWalk {
public:
    // Fills quantities, is_safe and metrics of `reading`, and `origin`. `reading` and `origin` must
    // be fresh. What it leaves in `reading` after a refusal means nothing.
    Checked walk(simdjson::dom::object object, Reading& reading, Origin& origin);

private:
    Checked take(std::string_view name, simdjson::dom::element value);
    Checked take_quantity(std::string_view name, simdjson::dom::element value, Quantity quantity);
    Checked take_vibration(simdjson::dom::object parts);
    Checked take_series(
        std::string_view name,
        simdjson::dom::element value,
        std::string_view part_name,
        double& mean
    );
    Checked take_is_safe(std::string_view name, simdjson::dom::element value);
    Checked flatten(std::string_view name, simdjson::dom::object object);
    Checked flatten(std::string_view name, simdjson::dom::array array);
    // A value under the joined name, which may be that of a quantity.
    Checked take_flattened(const std::string& name, simdjson::dom::element value);
    Checked add_metric(std::string_view name, simdjson::dom::element value);
    Checked add_metric(std::string_view name, MetricValue value);
    Checked count_member();

    Reading* reading_ = nullptr;
    Origin* origin_ = nullptr;
    std::size_t members_ = 0;
    bool flattened_ = false;
    double mean_current_ = 0;
    double mean_temperature_ = 0;
    DistinctNames names_;
    DistinctNames inner_names_;
};

}  // namespace modax::ingest
