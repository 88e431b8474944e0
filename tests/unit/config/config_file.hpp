// A configuration file that lives as long as a test. Internal to the tests of config.
#pragma once

#include "config/load.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>
#include <map>
#include <string>
#include <string_view>

namespace modax::config {

class ConfigFile {
public:
    explicit ConfigFile(std::string_view content) {
        std::ofstream{path(), std::ios::binary} << content;
    }
    std::filesystem::path path() const { return directory_.path() / "modax.toml"; }
    std::string at(std::string_view position) const {
        return path().string() + ':' + std::string{position};
    }

private:
    test::TemporaryDirectory directory_;
};

inline EnvironmentLookup environment_of(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        if (found == values.end()) return std::nullopt;
        return found->second;
    };
}

inline std::vector<Problem> problems_of(std::string_view content) {
    const ConfigFile file{content};
    const auto loaded = load({file.path(), {}, {}});
    return loaded ? std::vector<Problem>{} : loaded.error();
}

inline std::vector<Problem> problems_of_sets(std::vector<std::string> sets) {
    const auto loaded = load({std::nullopt, std::move(sets), {}});
    return loaded ? std::vector<Problem>{} : loaded.error();
}

}  // namespace modax::config
