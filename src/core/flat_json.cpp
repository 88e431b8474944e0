#include "core/flat_json.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace modax {
namespace {

void append_integer(std::string& out, std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end.ptr);
}

void append_bool(std::string& out, bool value) {
    out += value ? "true" : "false";
}

void append_optional_bool(std::string& out, std::optional<bool> value) {
    if (!value) {
        out += "null";
    } else {
        append_bool(out, *value);
    }
}

void append_metric(std::string& out, const Metric& metric) {
    append_json_string(out, metric.name);
    out += ':';
    if (const auto* number = std::get_if<double>(&metric.value)) {
        append_json_number(out, *number);
    } else if (const auto* flag = std::get_if<bool>(&metric.value)) {
        append_bool(out, *flag);
    } else {
        append_json_string(out, std::get<std::string>(metric.value));
    }
}

void append_origin(std::string& out, Timestamp time, const Device& device, std::int64_t sequence) {
    out += "\"timestamp\":\"";
    append_iso8601(out, time);
    out += "\",\"device_id\":";
    append_json_string(out, device.id());
    if (sequence >= 0) {
        out += ",\"seq\":";
        append_integer(out, sequence);
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    out += "\\u00";
                    out += k_hex[static_cast<unsigned char>(c) >> 4U];
                    out += k_hex[static_cast<unsigned char>(c) & 0xFU];
                } else {
                    out += c;
                }
        }
    }
    out += '"';
}

void append_json_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    // Beyond 64 bits with an exponent: some parsers, ours among them, refuse so long an integer.
    constexpr double k_largest_integer = 9.2e18;
    std::array<char, 32> digits{};
    char* const last = digits.data() + digits.size();
    const auto end = std::abs(value) < k_largest_integer
                         ? std::to_chars(digits.data(), last, value)
                         : std::to_chars(digits.data(), last, value, std::chars_format::scientific);
    out.append(digits.data(), end.ptr);
}

void append_reading_members(std::string& out, const Reading& reading) {
    append_origin(out, reading.time, *reading.device, reading.sequence);
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        out += ",\"";
        out += k_quantity_names[i];
        out += "\":";
        append_json_number(out, reading.quantities[i]);
    }
    out += ",\"is_safe\":";
    append_optional_bool(out, reading.is_safe);
    for (const Metric& metric : reading.metrics) {
        out += ',';
        append_metric(out, metric);
    }
}

void append_flat_json(std::string& out, const Reading& reading) {
    out += '{';
    append_reading_members(out, reading);
    out += '}';
}

void append_flat_json(std::string& out, const SafetyStatus& status) {
    out += '{';
    append_origin(out, status.time, *status.device, status.sequence);
    out += ",\"emergency_stop\":";
    append_bool(out, status.emergency_stop);
    out += ",\"door_closed\":";
    append_bool(out, status.door_closed);
    out += ",\"overload_detected\":";
    append_bool(out, status.overload_detected);
    out += ",\"temperature_ok\":";
    append_bool(out, status.temperature_ok);
    out += ",\"is_safe\":";
    append_bool(out, status.is_safe());
    out += '}';
}

void append_metrics_json(std::string& out, const std::vector<Metric>& metrics) {
    out += '{';
    bool first = true;
    for (const Metric& metric : metrics) {
        if (!first) out += ',';
        first = false;
        append_metric(out, metric);
    }
    out += '}';
}

void append_json_array(std::string& out, const std::vector<std::string>& texts) {
    out += '[';
    for (const auto& text : texts) {
        if (out.back() != '[') out += ',';
        append_json_string(out, text);
    }
    out += ']';
}

}  // namespace modax
