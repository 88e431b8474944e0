#include "telemetry/log_line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace modax::telemetry {
namespace {

constexpr std::array<std::string_view, 5> k_level_names{"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 5> k_level_columns{
    "TRACE", "DEBUG", "INFO ", "WARN ", "ERROR"};
constexpr std::size_t k_component_columns = 10;

std::size_t index_of(LogLevel level) {
    return std::min(static_cast<std::size_t>(level), k_level_names.size() - 1);
}

// One character of UTF-8 (RFC 3629); `length` 1 and `valid` false for a byte that begins none.
struct Character {
    std::uint32_t code = 0;
    std::size_t length = 1;
    bool valid = false;
};

Character decode(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1, true};
    std::size_t length = 0;
    std::uint32_t code = 0;
    std::uint32_t smallest = 0;
    if (first >= 0xC2 && first <= 0xDF) {
        length = 2, code = first & 0x1FU, smallest = 0x80;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3, code = first & 0x0FU, smallest = 0x800;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4, code = first & 0x07U, smallest = 0x10000;
    } else {
        return {};
    }
    if (text.size() < length) return {};
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {};
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    if (code < smallest || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
    return {code, length, true};
}

// Control characters, line separators and marks that reorder what is shown.
bool must_be_escaped(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

void append_escape(std::string& out, std::uint32_t code) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    if (code == '\n') {
        out += "\\n";
    } else if (code == '\r') {
        out += "\\r";
    } else if (code == '\t') {
        out += "\\t";
    } else {
        out += "\\u";
        for (const unsigned shift : {12U, 8U, 4U, 0U}) out += k_hex[(code >> shift) & 0xFU];
    }
}

// `quoted`: between quotation marks, so that those and backslashes are escaped as well.
void append_clean(std::string& out, std::string_view text, bool quoted) {
    const std::size_t whole = text.size();
    std::size_t taken = 0;
    while (taken < whole && taken < k_max_field_bytes) {
        const Character character = decode(text.substr(taken));
        if (!character.valid) {
            out += "\xEF\xBF\xBD";
        } else if (must_be_escaped(character.code)) {
            append_escape(out, character.code);
        } else {
            if (quoted && (character.code == '"' || character.code == '\\')) out += '\\';
            out += text.substr(taken, character.length);
        }
        taken += character.length;
    }
    if (taken < whole) out += "… (" + std::to_string(whole) + " bytes)";
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_clean(out, text, true);
    out += '"';
}

// Always with milliseconds, so that lines stand in columns.
void append_time(std::string& out, Timestamp time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    append_iso8601(out, seconds);
    out.pop_back();
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(time - seconds).count();
    std::string digits = std::to_string(1000 + rest);
    digits[0] = '.';
    out += digits + 'Z';
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \"=\\") != std::string_view::npos;
}

bool is_reserved(std::string_view key) {
    return key == "time" || key == "level" || key == "component" || key == "message";
}

std::span<const LogField> bounded(std::span<const LogField> fields) {
    return fields.first(std::min(fields.size(), k_max_fields));
}

}  // namespace

std::string text_line(const LogEntry& entry) {
    std::string out;
    append_time(out, entry.time);
    out += ' ';
    out += k_level_columns.at(index_of(entry.level));
    out += ' ';
    append_clean(out, entry.component, false);
    if (entry.component.size() < k_component_columns) {
        out.append(k_component_columns - entry.component.size(), ' ');
    }
    out += ' ';
    append_clean(out, entry.message, false);
    if (!entry.fields.empty()) out += ' ';
    for (const LogField& field : bounded(entry.fields)) {
        out += ' ';
        append_clean(out, field.key, false);
        out += '=';
        if (needs_quotes(field.value)) {
            append_quoted(out, field.value);
        } else {
            append_clean(out, field.value, false);
        }
    }
    return out;
}

std::string json_line(const LogEntry& entry) {
    std::string out = R"({"time":")";
    append_time(out, entry.time);
    out += R"(","level":")";
    out += k_level_names.at(index_of(entry.level));
    out += R"(","component":)";
    append_quoted(out, entry.component);
    out += R"(,"message":)";
    append_quoted(out, entry.message);
    for (const LogField& field : bounded(entry.fields)) {
        out += ',';
        append_quoted(out, field.key);
        if (is_reserved(field.key)) out.insert(out.size() - 1, 1, '_');
        out += ':';
        append_quoted(out, field.value);
    }
    return out += '}';
}

}  // namespace modax::telemetry
