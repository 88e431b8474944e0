// Where a message comes from and when: the members that readings and safety statuses share. Inside
// ingest only.
#pragma once

#include "ingest/fields.hpp"
#include "ingest/refusal.hpp"
#include "ingest/timestamp_rules.hpp"

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace modax::ingest {

struct Origin {
    std::string_view device_id;  // of the payload; empty when it names none
    DeviceTime time;
    std::optional<std::int64_t> sequence;

    // Takes the member when it is one of the origin's. False: it is another field.
    Decoded<bool> take(Field field, std::string_view name, simdjson::dom::element value);
};

// "a text", "a number", … for detail lines.
std::string_view kind_of(simdjson::dom::element value);
tl::unexpected<Refusal> wrong_type(
    std::string_view name, simdjson::dom::element value, std::string_view wanted
);

}  // namespace modax::ingest
