#include "config/toml_file.hpp"

#include "config/suggestion.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <string_view>

namespace modax::config {
namespace {

bool is_section(std::string_view name) {
    return std::any_of(schema().begin(), schema().end(), [name](const Section& section) {
        return !section.name.empty() && section.name == name;
    });
}

std::optional<Value> to_value(const toml::node& node) {
    if (const auto* flag = node.as_boolean()) return Value{flag->get()};
    if (const auto* number = node.as_integer()) return Value{number->get()};
    if (const auto* text = node.as_string()) return Value{text->get()};
    if (const auto* array = node.as_array()) {
        std::vector<std::string> texts;
        for (const toml::node& element : *array) {
            const auto* text = element.as_string();
            if (text == nullptr) return std::nullopt;
            texts.push_back(text->get());
        }
        return Value{std::move(texts)};
    }
    return std::nullopt;
}

class Walk {
public:
    Walk(std::string file, FileContent& content) : file_{std::move(file)}, content_{content} {}

    void table(const toml::table& table, const std::string& prefix) {
        for (const auto& [key, node] : table) {
            const std::string name = prefix + std::string{key.str()};
            const auto* inner = node.as_table();
            if (inner == nullptr || find_key(name) != nullptr) {
                content_.entries.push_back(
                    {name, position(key.source()), position(node.source()), to_value(node)}
                );
            } else if (is_section(name)) {
                this->table(*inner, name + '.');
            } else {
                content_.problems.push_back(
                    {position(key.source()), name, "unknown section; " + suggest_section(name)}
                );
            }
        }
    }

    std::string position(const toml::source_region& region) const {
        return file_ + ':' + std::to_string(region.begin.line) + ':' +
               std::to_string(region.begin.column);
    }

private:
    std::string file_;
    FileContent& content_;
};

}  // namespace

FileContent read_toml_file(const std::filesystem::path& path) {
    FileContent content;
    const auto text = PosixFileSystem{}.read(path);
    if (!text) {
        content.problems.push_back(
            {path.string(), "", text.error().detail + "; name a readable file with --config"}
        );
        return content;
    }
    Walk walk{path.string(), content};
    try {
        walk.table(toml::parse(*text, path.string()), "");
    } catch (const toml::parse_error& error) {
        content.problems.push_back(
            {walk.position(error.source()),
             "",
             "not valid TOML: " + std::string{error.description()} + "; correct this line"}
        );
    }
    return content;
}

}  // namespace modax::config
