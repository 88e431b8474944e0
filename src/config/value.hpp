// Values of the configuration between text and number. Internal to config.
#pragma once

#include "config/schema.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::config {

// The error is what is wrong and what to do, without the key; it never shows a secret.
using Checked = tl::expected<Value, std::string>;

// "5ms", "24h", "90d", "0"; in milliseconds. nullopt: anything else, also beyond 64 bits.
std::optional<std::int64_t> parse_duration(std::string_view text);
// "64KiB", "4GiB", "512" (bytes). nullopt: anything else.
std::optional<std::int64_t> parse_size(std::string_view text);
// In the largest unit that divides it: "90d", "5ms".
std::string format_duration(std::int64_t milliseconds);
std::string format_size(std::int64_t bytes);

// A value from the environment or --set. A list is written "a,b,c".
Checked parse_value(const Key& key, std::string_view text);
// A value whose alternative fits the kind (an integer for integer and size, a text for duration
// and size, …), as it stands in a file. Checks range and form.
Checked check_value(const Key& key, Value value);
// What the key takes, for people: "a whole number from 0 to 65535".
std::string expectation(const Key& key);
// "0 to 65535", "\"text\" or \"json\""; empty when anything of the kind goes.
std::string range_text(const Key& key);
// The value as TOML.
std::string to_toml(const Key& key, const Value& value);
std::string toml_text(std::string_view text);

}  // namespace modax::config
