// Password hashes: Argon2id (RFC 9106) with m = 19 MiB, t = 2, p = 1, the first choice of OWASP's
// Password Storage Cheat Sheet. About 30 ms each, so never on an I/O thread. Thread-safe.
#pragma once

#include "core/random.hpp"
#include "core/result.hpp"

#include <string>
#include <string_view>

namespace modax::security {

// "$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>". Errors: resource_exhausted (no memory).
Result<std::string> hash_password(std::string_view password, Random& random);

// False also for a hash that is no Argon2id hash or asks for more than 1 GiB, 16 passes or 16
// lanes.
bool verify_password(std::string_view hash, std::string_view password);
// Whether verify_password() could ever be true.
bool is_password_hash(std::string_view hash);

}  // namespace modax::security
