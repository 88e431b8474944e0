// What an API key may be. Internal to security.
#pragma once

#include "core/identity.hpp"

namespace modax::security {

// Errors: invalid_argument, beginning with the name of the field.
Status check_key_spec(const KeySpec& spec, Timestamp now);

}  // namespace modax::security
