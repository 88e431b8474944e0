// Finds the route of a request. Pure; any thread.
#pragma once

#include "http/call.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace modax::http {

struct RouteMatch {
    const Route* route = nullptr;  // nullptr: no route, or none with that method
    std::size_t index = 0;         // in routes()
    std::string_view parameter;    // {id} as sent, percent-encoded
    std::string allow;             // when the path is known: the methods, for OPTIONS and 405
};

RouteMatch find_route(Method method, std::string_view path);

}  // namespace modax::http
