#include "config/value.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace modax::config {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};
// Largest first, as the formatters need it.
constexpr std::array<Unit, 5> k_duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 5> k_size_units{
    {{"TiB", 1LL << 40U}, {"GiB", 1LL << 30U}, {"MiB", 1LL << 20U}, {"KiB", 1LL << 10U}, {"B", 1}}};

// The number at the start of `text`, which then begins behind it. nullopt: no digits, or too many.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t number = 0;
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(
    std::string_view text, const std::array<Unit, N>& units, bool unit_needed
) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.empty()) return *number == 0 || !unit_needed ? number : std::nullopt;
    const auto unit = std::find_if(units.begin(), units.end(), [text](const Unit& candidate) {
        return candidate.name == text;
    });
    if (unit == units.end()) return std::nullopt;
    if (*number > std::numeric_limits<std::int64_t>::max() / unit->factor) return std::nullopt;
    return *number * unit->factor;
}

template <std::size_t N>
std::string format_with_unit(std::int64_t value, const std::array<Unit, N>& units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0) {
            return std::to_string(value / unit.factor) + std::string{unit.name};
        }
    }
    return std::to_string(value) + std::string{units.back().name};
}

std::string format_number(const Key& key, std::int64_t number) {
    if (key.kind == Kind::duration) return format_duration(number);
    if (key.kind == Kind::size) return format_size(number);
    return std::to_string(number);
}

tl::unexpected<std::string> refuse(std::string text) {
    return tl::make_unexpected(std::move(text));
}

tl::unexpected<std::string> refuse_value(const Key& key, std::string_view value) {
    std::string shown{value.substr(0, 80)};
    if (value.size() > 80) shown += "…";
    return refuse("'" + shown + "' is not valid here; write " + expectation(key));
}

bool is_secret_reference(std::string_view text) {
    if (text.starts_with("file:")) return text.size() > 5;
    if (text.starts_with("credential:")) {
        const auto name = text.substr(11);
        return !name.empty() && name.front() != '.' && name.find('/') == std::string_view::npos;
    }
    if (!text.starts_with("env:") || text.size() == 4) return false;
    text.remove_prefix(4);
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    });
}

bool is_address(const std::string& text) {
    std::array<unsigned char, 16> buffer{};
    return inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
           inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

Checked check_number(const Key& key, std::int64_t number) {
    if (number < key.minimum || number > key.maximum) {
        return refuse(format_number(key, number) + " is out of range; write " + expectation(key));
    }
    return Value{number};
}

// A text for any kind but boolean, integer and list.
Checked check_text(const Key& key, const std::string& text) {
    switch (key.kind) {
        case Kind::duration:
            if (const auto number = parse_duration(text)) return check_number(key, *number);
            return refuse_value(key, text);
        case Kind::size:
            if (const auto number = parse_size(text)) return check_number(key, *number);
            return refuse_value(key, text);
        case Kind::choice:
            if (std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end()) {
                return Value{text};
            }
            return refuse_value(key, text);
        case Kind::address:
            if (is_address(text)) return Value{text};
            return refuse_value(key, text);
        case Kind::secret:
            if (text.empty() || is_secret_reference(text)) return Value{text};
            // The text may be the secret itself, so it is not shown.
            return refuse(
                "a secret does not belong into the configuration; write " + expectation(key)
            );
        default:
            if (text.find('\0') != std::string::npos) return refuse("must not hold a NUL byte");
            return Value{text};
    }
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
    return parse_with_unit(text, k_duration_units, true);
}

std::optional<std::int64_t> parse_size(std::string_view text) {
    return parse_with_unit(text, k_size_units, false);
}

std::string format_duration(std::int64_t milliseconds) {
    return milliseconds == 0 ? "0s" : format_with_unit(milliseconds, k_duration_units);
}

std::string format_size(std::int64_t bytes) {
    return format_with_unit(bytes, k_size_units);
}

Checked parse_value(const Key& key, std::string_view text) {
    switch (key.kind) {
        case Kind::boolean:
            if (text == "true") return Value{true};
            if (text == "false") return Value{false};
            return refuse_value(key, text);
        case Kind::integer: {
            std::string_view rest = text;
            const auto number = take_number(rest);
            if (!number || !rest.empty()) return refuse_value(key, text);
            return check_number(key, *number);
        }
        case Kind::list:
            return Value{split_list(text)};
        default:
            return check_text(key, std::string{text});
    }
}

Checked check_value(const Key& key, Value value) {
    const bool numeric = key.kind == Kind::integer || key.kind == Kind::size;
    if (key.kind == Kind::boolean && std::holds_alternative<bool>(value)) return value;
    if (key.kind == Kind::list && std::holds_alternative<std::vector<std::string>>(value)) {
        return value;
    }
    if (const auto* number = std::get_if<std::int64_t>(&value); number != nullptr && numeric) {
        return check_number(key, *number);
    }
    const bool textual =
        key.kind != Kind::boolean && key.kind != Kind::integer && key.kind != Kind::list;
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && textual) {
        return check_text(key, *text);
    }
    return refuse("wrong type of value; write " + expectation(key));
}

std::string range_text(const Key& key) {
    if (key.kind == Kind::choice) {
        std::string names;
        for (std::size_t i = 0; i < key.choices.size(); ++i) {
            if (i > 0) names += i + 1 == key.choices.size() ? " or " : ", ";
            names += toml_text(key.choices[i]);
        }
        return names;
    }
    if (key.kind != Kind::integer && key.kind != Kind::duration && key.kind != Kind::size) {
        return {};
    }
    std::string range = format_number(key, key.minimum) + " to " + format_number(key, key.maximum);
    if (!key.unit.empty()) range += " " + key.unit;
    return range;
}

std::string expectation(const Key& key) {
    switch (key.kind) {
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return "a whole number, " + range_text(key);
        case Kind::duration:
            return R"(a duration such as "500ms", "30s", "5min", "24h" or "90d", )" +
                   range_text(key);
        case Kind::size:
            return R"(a size such as "64KiB" or "4GiB", )" + range_text(key);
        case Kind::choice:
            return range_text(key);
        case Kind::address:
            return R"(an IP address such as "127.0.0.1", "0.0.0.0" or "::1")";
        case Kind::list:
            return R"(a list of texts such as ["a", "b"])";
        case Kind::secret:
            return "where it is kept: \"env:NAME\" for an environment variable, \"file:PATH\" for "
                   "a "
                   "file or \"credential:NAME\" for a credential of systemd";
        case Kind::path:
            return "a path in quotes";
        case Kind::text:
            return "a text in quotes";
    }
    return {};
}

std::string toml_text(std::string_view text) {
    constexpr std::string_view k_hex = "0123456789ABCDEF";
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\u00";
            out += k_hex[byte >> 4U];
            out += k_hex[byte & 0xFU];
        } else {
            out += c;
        }
    }
    return out += '"';
}

std::string to_toml(const Key& key, const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        const std::string text = format_number(key, *number);
        return key.kind == Kind::integer ? text : toml_text(text);
    }
    if (const auto* text = std::get_if<std::string>(&value)) return toml_text(*text);
    std::string list = "[";
    for (const std::string& entry : std::get<std::vector<std::string>>(value)) {
        if (list.size() > 1) list += ", ";
        list += toml_text(entry);
    }
    return list += ']';
}

}  // namespace modax::config
