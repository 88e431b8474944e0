// A configuration file as flat names and values with their positions. Internal to config; the only
// part that knows toml++.
#pragma once

#include "config/load.hpp"
#include "config/schema.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace modax::config {

struct FileEntry {
    std::string name;            // "http.port"
    std::string key_position;    // "modax.toml:3:1"
    std::string value_position;  // "modax.toml:3:8"
    // nullopt: a value that no key takes, such as a date or an array of numbers.
    std::optional<Value> value;
};

struct FileContent {
    std::vector<FileEntry> entries;  // by name, not by position
    std::vector<Problem> problems;   // can't be read, not TOML, unknown section
};

FileContent read_toml_file(const std::filesystem::path& path);

}  // namespace modax::config
