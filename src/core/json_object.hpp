// Writes one JSON object member by member. Not thread-safe.
#pragma once

#include "core/flat_json.hpp"
#include "core/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace modax {

class JsonObject {
public:
    // null when it is empty.
    JsonObject& text(std::string_view name, std::string_view value) {
        key(name);
        if (value.empty()) {
            json_ += "null";
        } else {
            append_json_string(json_, value);
        }
        return *this;
    }
    JsonObject& number(std::string_view name, std::optional<double> value) {
        key(name);
        if (value) {
            append_json_number(json_, *value);
        } else {
            json_ += "null";
        }
        return *this;
    }
    JsonObject& boolean(std::string_view name, bool value) {
        key(name);
        json_ += value ? "true" : "false";
        return *this;
    }
    JsonObject& time(std::string_view name, std::optional<Timestamp> value) {
        return text(name, value ? format_iso8601(*value) : std::string{});
    }
    // What is JSON already.
    JsonObject& json(std::string_view name, std::string_view value) {
        key(name);
        json_ += value;
        return *this;
    }
    std::string take() { return std::move(json_) + '}'; }

private:
    void key(std::string_view name) {
        if (json_.size() > 1) json_ += ',';
        append_json_string(json_, name);
        json_ += ':';
    }

    std::string json_ = "{";
};

}  // namespace modax
