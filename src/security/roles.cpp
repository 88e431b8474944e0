#include "security/roles.hpp"

#include <array>
#include <utility>

namespace modax::security {
namespace {

constexpr std::size_t k_longest_pattern = 256;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> k_meanings{{
    {"device",
     "a machine: publishes its own readings, gets its own commands; user name = device id"},
    {"collector", "publishes the readings of any device"},
    {"scada",
     "sees readings, safety, analysis, equipment, production, quality and the gateway's state"},
    {"mes", "the same"},
    {"bi", "sees readings and analysis"},
    {"operator", "sees everything of the gateway"},
    {"admin", "publishes and sees every topic that is not the gateway's own"},
}};

std::string_view take_level(std::string_view& text, bool& more) {
    const auto slash = text.find('/');
    const auto level = text.substr(0, slash);
    more = slash != std::string_view::npos;
    text.remove_prefix(more ? slash + 1 : text.size());
    return level;
}

}  // namespace

std::vector<Role> ready_made_roles(std::string_view prefix) {
    const auto own = [&](std::string_view rest) {
        return std::string{prefix} + '/' + std::string{rest};
    };
    const std::vector<std::string> plant{
        own("sensor/#"),
        own("ai/#"),
        own("equipment/#"),
        own("production/#"),
        own("quality/#"),
        own("system/#")};
    return {
        {"device", {own("sensor/data/%u"), own("sensor/safety/%u")}, {own("control/commands/%u")}},
        {"collector", {own("sensor/data/#"), own("sensor/safety/#")}, {}},
        {"scada", {}, plant},
        {"mes", {}, plant},
        {"bi", {}, {own("sensor/data/#"), own("ai/analysis/#")}},
        {"operator", {}, {own("#")}},
        {"admin", {"#"}, {"#"}},
    };
}

std::string_view meaning_of_role(std::string_view name) {
    for (const auto& [role, meaning] : k_meanings) {
        if (role == name) return meaning;
    }
    return {};
}

bool is_topic_pattern(std::string_view pattern) {
    if (pattern.empty() || pattern.size() > k_longest_pattern) return false;
    bool more = true;
    while (more) {
        const auto level = take_level(pattern, more);
        if (level == "#") return !more;
        const bool wildcard = level.find_first_of("+#") != std::string_view::npos;
        if (wildcard && level != "+") return false;
        for (const char c : level) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
        }
    }
    return true;
}

std::optional<std::string> fill_in(
    std::string_view pattern, std::string_view user, std::string_view client_id
) {
    std::string filled;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto placeholder = pattern.substr(i, 2);
        if (placeholder != "%u" && placeholder != "%c") {
            filled += pattern[i];
            continue;
        }
        const auto name = placeholder == "%u" ? user : client_id;
        if (name.empty() || name.find_first_of("/+#") != std::string_view::npos) {
            return std::nullopt;
        }
        filled += name;
        ++i;
    }
    return filled;
}

bool covers(std::string_view pattern, std::string_view filter) {
    bool more_pattern = true;
    bool more_filter = true;
    while (more_pattern && more_filter) {
        const auto allowed = take_level(pattern, more_pattern);
        if (allowed == "#") return true;
        const auto wanted = take_level(filter, more_filter);
        if (wanted == "#" || (allowed != "+" && allowed != wanted)) return false;
    }
    // "a/#" also stands for "a".
    if (more_pattern) return pattern == "#";
    return !more_filter;
}

}  // namespace modax::security
