// What MQTT users of a role may do: the ready-made roles, and how patterns are filled in and
// compared. Source: PROMISES 3.2; topic filters: MQTT 5, section 4.7. Pure functions; any thread.
#pragma once

#include "core/identity.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

// device, collector, scada, mes, bi, operator, admin; `prefix` is the first level of our topics.
std::vector<Role> ready_made_roles(std::string_view prefix);
// One line for people; empty for a role that is not ready-made.
std::string_view meaning_of_role(std::string_view name);

// Whether it is a topic filter of at most 256 bytes, in which %u and %c may stand.
bool is_topic_pattern(std::string_view pattern);

// The pattern with %u and %c filled in; nullopt when a name has '/', '+' or '#' in it and so could
// change what the pattern allows, or is empty.
std::optional<std::string> fill_in(
    std::string_view pattern, std::string_view user, std::string_view client_id
);

// Whether everything that matches `filter` matches `pattern` too. A topic is a filter without
// wildcards.
bool covers(std::string_view pattern, std::string_view filter);

}  // namespace modax::security
