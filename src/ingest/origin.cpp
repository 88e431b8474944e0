#include "ingest/origin.hpp"

#include <cmath>
#include <limits>
#include <string>

namespace modax::ingest {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Decoded<DeviceTime> read_time(element value) {
    switch (value.type()) {
        case element_type::STRING: {
            std::string_view text;
            if (value.get(text) == simdjson::SUCCESS) return device_time(text);
            break;
        }
        case element_type::INT64: {
            std::int64_t number = 0;
            if (value.get(number) == simdjson::SUCCESS) return device_time(number);
            break;
        }
        case element_type::UINT64:
        case element_type::DOUBLE: {
            double number = 0;
            if (value.get(number) == simdjson::SUCCESS) return device_time(number);
            break;
        }
        default:
            break;
    }
    return wrong_type("timestamp", value, "a text or a number");
}

Decoded<std::int64_t> read_sequence(std::string_view name, element value) {
    std::int64_t number = 0;
    double fractional = 0;
    switch (value.type()) {
        case element_type::INT64:
            if (value.get(number) == simdjson::SUCCESS && number >= 0) return number;
            break;
        case element_type::DOUBLE:
            // Some encoders write every number with a fraction; up to 2^53 it is still exact.
            if (value.get(fractional) == simdjson::SUCCESS && fractional >= 0 &&
                fractional <= 9007199254740992.0 && fractional == std::floor(fractional)) {
                return static_cast<std::int64_t>(fractional);
            }
            break;
        case element_type::UINT64:
            break;
        default:
            return wrong_type(name, value, "a whole number");
    }
    return refuse(
        Reason::bad_sequence, std::string{name} + " must be a whole number from 0 to 2^63 - 1"
    );
}

}  // namespace

std::string_view kind_of(element value) {
    switch (value.type()) {
        case element_type::STRING:
            return "a text";
        case element_type::BOOL:
            return "a boolean";
        case element_type::NULL_VALUE:
            return "null";
        case element_type::ARRAY:
            return "an array";
        case element_type::OBJECT:
            return "an object";
        default:
            return "a number";
    }
}

tl::unexpected<Refusal> wrong_type(std::string_view name, element value, std::string_view wanted) {
    std::string detail = shown(name);
    detail += " is ";
    detail += kind_of(value);
    std::string_view text;
    if (value.is_string() && value.get(text) == simdjson::SUCCESS) {
        detail += ' ';
        detail += shown(text);
    }
    detail += ", must be ";
    detail += wanted;
    return refuse(Reason::wrong_type, std::move(detail));
}

Decoded<bool> Origin::take(Field field, std::string_view name, element value) {
    if (field != Field::timestamp && field != Field::device_id && field != Field::sequence) {
        return false;
    }
    if (value.is_null()) return true;
    if (field == Field::timestamp) {
        auto read = read_time(value);
        if (!read) return tl::make_unexpected(std::move(read.error()));
        time = *read;
    } else if (field == Field::device_id) {
        if (value.get(device_id) != simdjson::SUCCESS) return wrong_type(name, value, "a text");
    } else {
        if (sequence) return refuse(Reason::duplicate_key, "send either seq or sequence, not both");
        auto read = read_sequence(name, value);
        if (!read) return tl::make_unexpected(std::move(read.error()));
        sequence = *read;
    }
    return true;
}

}  // namespace modax::ingest
