// From the configuration to the plant store: where it is and with which password. For gateway and
// command line; any thread.
#pragma once

#include "config/config.hpp"
#include "core/result.hpp"
#include "store/target.hpp"

namespace modax::app {

// Fetches the password. invalid_argument when no database is configured or the URL is not allowed;
// the errors of resolve_secret().
Result<store::Target> database_target(const config::Config& config);

}  // namespace modax::app
