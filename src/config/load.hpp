// Reading the configuration: file, environment, --set, and what is wrong with them. Used at start
// by one thread.
#pragma once

#include "config/config.hpp"
#include "core/file_system.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::config {

using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// Each later source wins over the earlier ones: file, environment, sets.
struct Sources {
    std::optional<std::filesystem::path> file;
    std::vector<std::string> sets;  // "http.port=8080"
    EnvironmentLookup environment;  // empty: nothing is set; see process_environment()
};

struct Problem {
    std::string where;  // "modax.toml:3:8", "environment MODAX_HTTP_PORT", "--set", or empty
    std::string key;    // "http.port", or empty
    std::string text;   // what is wrong; what to do. Never shows the value of a secret.
    // "where: key: text", without the parts that are empty.
    std::string line() const;
};

// Every problem, not just the first.
tl::expected<Config, std::vector<Problem>> load(const Sources& sources);

// The default file: every key with its meaning, unit, range and default. Loads without a problem.
std::string reference();

// "MODAX_HTTP_PORT" for "http.port".
std::string environment_name(std::string_view key);
// getenv(3). Only while nobody changes the environment, as at start.
EnvironmentLookup process_environment();

// Fetches the text a reference points to; a line break at the end of a file is dropped. An empty
// reference gives an empty secret. Errors: not_found, invalid_argument (the text is empty),
// io_error; they name the reference, never the text.
Result<Secret> resolve_secret(
    const SecretReference& reference, const EnvironmentLookup& environment, const FileSystem& files
);

}  // namespace modax::config
