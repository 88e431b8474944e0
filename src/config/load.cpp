#include "config/load.hpp"

#include "config/rules.hpp"
#include "config/schema.hpp"
#include "config/suggestion.hpp"
#include "config/toml_file.hpp"
#include "config/value.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <unordered_map>
#include <utility>

namespace modax::config {
namespace {

// Collects values and problems; remembers where each key got its value, for the rules.
class Loading {
public:
    void file(const std::filesystem::path& path) {
        FileContent content = read_toml_file(path);
        for (Problem& problem : content.problems) problems_.push_back(std::move(problem));
        for (FileEntry& entry : content.entries) {
            const Key* key = find_key(entry.name);
            if (key == nullptr) {
                add(entry.key_position, entry.name, "unknown key; " + suggest_key(entry.name));
            } else if (!entry.value) {
                take(
                    *key,
                    entry.value_position,
                    tl::make_unexpected("wrong type of value; write " + expectation(*key))
                );
            } else {
                take(*key, entry.value_position, check_value(*key, std::move(*entry.value)));
            }
        }
    }

    void environment(const EnvironmentLookup& lookup) {
        for (const Section& section : schema()) {
            for (const Key& key : section.keys) {
                const std::string name = environment_name(key.name);
                if (const auto text = lookup(name)) {
                    take(key, "environment " + name, parse_value(key, *text));
                }
            }
        }
    }

    void set(const std::string& assignment) {
        const auto equals = assignment.find('=');
        // Without '=' the text may hold a secret behind another sign, so only a name is shown.
        const std::string name =
            assignment.substr(0, std::min(equals, assignment.find_first_not_of(k_name_characters)));
        if (equals == std::string::npos) {
            add("--set", name, "has no '='; write --set key=value, for example http.port=8080");
            return;
        }
        const Key* key = find_key(name);
        if (key == nullptr || name.size() != equals) {
            add("--set", name, "unknown key; " + suggest_key(name));
            return;
        }
        take(*key, "--set", parse_value(*key, std::string_view{assignment}.substr(equals + 1)));
    }

    void rules() {
        for (Violation& violation : check_rules(config_)) {
            // What is wrong in itself was said already, and has its default here.
            if (refused_.contains(violation.key)) continue;
            std::string where = origin(violation.key);
            if (where.empty()) where = origin(violation.because);
            add(std::move(where), std::move(violation.key), std::move(violation.text));
        }
    }

    tl::expected<Config, std::vector<Problem>> result() && {
        if (problems_.empty()) return std::move(config_);
        return tl::make_unexpected(std::move(problems_));
    }

private:
    static constexpr const char* k_name_characters = "abcdefghijklmnopqrstuvwxyz0123456789_.";

    void add(std::string where, std::string key, std::string text) {
        problems_.push_back({std::move(where), std::move(key), std::move(text)});
    }

    // Empty: the key has its default.
    std::string origin(const std::string& key) const {
        const auto found = origins_.find(key);
        return found == origins_.end() ? std::string{} : found->second;
    }

    void take(const Key& key, std::string where, Checked checked) {
        if (!checked) {
            refused_.insert(key.name);
            add(std::move(where), key.name, std::move(checked.error()));
            return;
        }
        key.set(config_, *checked);
        origins_[key.name] = std::move(where);
    }

    Config config_;
    std::vector<Problem> problems_;
    std::set<std::string> refused_;
    std::unordered_map<std::string, std::string> origins_;
};

}  // namespace

std::string Problem::line() const {
    std::string line;
    for (const std::string& part : {where, key}) {
        if (!part.empty()) line += part + ": ";
    }
    line += text;
    // The names and values of a file may hold anything; a terminal must not obey it.
    std::replace_if(
        line.begin(),
        line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; },
        '?'
    );
    return line;
}

tl::expected<Config, std::vector<Problem>> load(const Sources& sources) {
    Loading loading;
    if (sources.file) loading.file(*sources.file);
    if (sources.environment) loading.environment(sources.environment);
    for (const std::string& assignment : sources.sets) loading.set(assignment);
    loading.rules();
    return std::move(loading).result();
}

std::string environment_name(std::string_view key) {
    std::string name = "MODAX_";
    for (const char c : key) {
        if (c == '.') {
            name += '_';
        } else {
            name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        }
    }
    return name;
}

EnvironmentLookup process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        // Nobody writes to the environment at start.
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
        if (value == nullptr) return std::nullopt;
        return std::string{value};
    };
}

}  // namespace modax::config
