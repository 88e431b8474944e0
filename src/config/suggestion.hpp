// "Did you mean …" for unknown names. Internal to config.
#pragma once

#include <string>
#include <string_view>

namespace modax::config {

// What to do about an unknown name: the nearest known one, or where to look all of them up.
std::string suggest_key(std::string_view unknown);
std::string suggest_section(std::string_view unknown);

}  // namespace modax::config
