// What a running gateway says of itself to whoever is on its machine, without a key.
#pragma once

#include "config/config.hpp"
#include "core/result.hpp"

#include <string>

namespace modax::cli {

// The body of GET `path` from the gateway that runs on the data directory, also of a 503, as /ready
// gives it. Errors: not_found (none runs, or its REST interface is off), unavailable, io_error.
Result<std::string> ask_running_gateway(const config::Config& config, const std::string& path);

}  // namespace modax::cli
