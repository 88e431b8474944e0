#include "mqtt/codec/topic.hpp"

#include "mqtt/codec/wire.hpp"

#include <algorithm>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_max_topic = 65'535;
constexpr std::string_view k_share = "$share/";

bool has_wildcard(std::string_view text) {
    return text.find_first_of("+#") != std::string_view::npos;
}

}  // namespace

std::string_view take_level(std::string_view& topic, bool& last) {
    const auto slash = topic.find('/');
    last = slash == std::string_view::npos;
    const auto level = topic.substr(0, slash);
    topic.remove_prefix(last ? topic.size() : slash + 1);
    return level;
}

bool is_valid_topic_name(std::string_view topic) {
    return !topic.empty() && topic.size() <= k_max_topic && !has_wildcard(topic) &&
           is_valid_utf8(topic);
}

bool is_valid_topic_filter(std::string_view filter) {
    if (filter.empty() || filter.size() > k_max_topic || !is_valid_utf8(filter)) return false;
    bool last = false;
    while (!last) {
        const auto level = take_level(filter, last);
        if (level == "+" || (level == "#" && last)) continue;
        if (has_wildcard(level)) return false;
    }
    return true;
}

bool is_shared(std::string_view filter) {
    return filter.starts_with(k_share);
}

std::optional<SharedFilter> parse_shared(std::string_view filter) {
    if (!is_shared(filter)) return std::nullopt;
    filter.remove_prefix(k_share.size());
    bool last = false;
    const auto group = take_level(filter, last);
    if (group.empty() || last || has_wildcard(group) || !is_valid_topic_filter(filter)) {
        return std::nullopt;
    }
    return SharedFilter{group, filter};
}

bool matches(std::string_view filter, std::string_view topic) {
    if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) {
        return false;
    }
    bool filter_ended = false;
    bool topic_ended = false;
    for (;;) {
        const auto wanted = take_level(filter, filter_ended);
        if (wanted == "#") return true;
        const auto level = take_level(topic, topic_ended);
        if (wanted != "+" && wanted != level) return false;
        if (filter_ended && topic_ended) return true;
        if (filter_ended) return false;
        // "a/#" matches "a" itself (section 4.7.1.2).
        if (topic_ended) return filter == "#";
    }
}

std::size_t level_count(std::string_view topic) {
    return static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) + 1;
}

}  // namespace modax::mqtt
