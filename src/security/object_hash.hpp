// What the audit log keeps of a key, a user or a role before and after a change: SHA-256 over all
// of it, hexadecimal. Nothing can be read from it; equal objects have equal ones. Internal to
// security.
#pragma once

#include "core/identity.hpp"

#include <string>

namespace modax::security {

std::string object_hash(const ApiKey& key);
std::string object_hash(const User& user);
std::string object_hash(const Role& role);

}  // namespace modax::security
