// Patterns of device ids, as keys and settings name devices. Pure; any thread.
#pragma once

#include <string_view>

namespace modax {

// '*' matches any run of characters; letters without regard to case, as device ids are compared.
bool matches_device(std::string_view pattern, std::string_view device_id);

}  // namespace modax
