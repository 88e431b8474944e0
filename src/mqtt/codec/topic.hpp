// Topic names and topic filters (MQTT 5, section 4.7). Pure functions; thread-safe.
#pragma once

#include <optional>
#include <string_view>

namespace modax::mqtt {

// 1 to 65,535 bytes of valid UTF-8 without wildcards.
bool is_valid_topic_name(std::string_view topic);

// The same with '+' as a whole level and '#' as the whole last level. A shared subscription's
// filter must be given without its `$share/group/`.
bool is_valid_topic_filter(std::string_view filter);

// `$share/group/filter` (section 4.8.2).
struct SharedFilter {
    std::string_view group;
    std::string_view filter;
};
bool is_shared(std::string_view filter);  // begins with "$share/"
// nullopt: the group is empty or has a wildcard, or the filter behind it is not valid.
std::optional<SharedFilter> parse_shared(std::string_view filter);

// Both must be valid. A wildcard at the first level does not match a topic that begins with '$'.
bool matches(std::string_view filter, std::string_view topic);

std::size_t level_count(std::string_view topic);

// Cuts the first level off `topic`, together with its '/'. `last` tells whether it was the last.
std::string_view take_level(std::string_view& topic, bool& last);

}  // namespace modax::mqtt
