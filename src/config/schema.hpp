// The schema: one table of every key there is. Parsing, checking, overriding, printing and the
// reference all read this table and nothing else, so that they can't disagree.
#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace modax::config {

enum class Kind : std::uint8_t {
    boolean,
    integer,
    duration,  // "5ms", "24h", "90d"; the value is in milliseconds
    size,      // "64KiB", "4GiB"; the value is in bytes
    text,
    path,
    address,  // an IPv4 or IPv6 address to listen on
    choice,   // one of `choices`
    list,     // of texts
    secret,   // a reference to a secret: "env:NAME", "file:PATH", "credential:NAME"
};

// A value as it travels between text and Config: integer, duration and size are a number.
using Value = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

struct Key {
    std::string name;      // "http.port"
    std::string sentence;  // what it does
    Kind kind = Kind::text;
    std::string unit;  // of an integer: "connections"; empty: none
    std::int64_t minimum = 0;
    std::int64_t maximum = 0;
    std::vector<std::string> choices;
    std::function<void(Config&, const Value&)> set;  // the value must have been checked
    std::function<Value(const Config&)> get;
};

struct Section {
    std::string name;  // empty: the keys above the first section
    std::string sentence;
    std::vector<Key> keys;
};

// In the order of the reference.
const std::vector<Section>& schema();
// nullptr: there is no such key.
const Key* find_key(std::string_view name);

}  // namespace modax::config
