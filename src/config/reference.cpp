#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/value.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace modax::config {
namespace {

constexpr std::string_view k_preface =
    R"(# The configuration of the MODAX gateway, with every key at its default. A key that is left out has
# its default, so a file needs only what differs. Each key can also be set by an environment
# variable (http.port: MODAX_HTTP_PORT; a list is written a,b,c) and, above that, by
# `--set http.port=8080`. Durations are "5ms", "30s", "5min", "24h", "90d"; sizes "64KiB", "4GiB".
# Relative paths start at the directory in which the gateway is started.
# Check a file with: modax check-config --config FILE

)";

// Comment lines of at most 100 columns, broken between words.
void append_comment(std::string& out, std::string_view text) {
    constexpr std::size_t k_columns = 98;
    while (!text.empty()) {
        std::size_t cut = text.size();
        if (cut > k_columns) {
            cut = text.rfind(' ', k_columns);
            if (cut == std::string_view::npos || cut == 0) cut = text.size();
        }
        out += "# ";
        out += text.substr(0, cut);
        out += '\n';
        text.remove_prefix(std::min(cut + 1, text.size()));
    }
}

std::string_view local_name(const Section& section, const Key& key) {
    std::string_view name = key.name;
    if (!section.name.empty()) name.remove_prefix(section.name.size() + 1);
    return name;
}

// "Range: 0 to 65535. Default: 8080"
std::string limits_of(const Key& key, const std::string& default_value) {
    std::string limits;
    if (const std::string range = range_text(key); !range.empty()) {
        limits = key.kind == Kind::choice ? "One of " : "Range: ";
        limits += range + ". ";
    }
    return limits + "Default: " + default_value;
}

}  // namespace

std::string reference() {
    const Config defaults;
    std::string out{k_preface};
    for (const Section& section : schema()) {
        if (!section.name.empty()) {
            out += "\n";
            append_comment(out, section.sentence);
            out += '[' + section.name + "]\n\n";
        }
        for (const Key& key : section.keys) {
            const std::string value = to_toml(key, key.get(defaults));
            append_comment(out, key.sentence);
            append_comment(out, limits_of(key, value));
            out += local_name(section, key);
            out += " = " + value + "\n\n";
        }
    }
    out.pop_back();
    return out;
}

}  // namespace modax::config
