// Who may read the plant store: roles for BI tools. Used by `modax db grant-bi`; one thread.
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "store/connection.hpp"

#include <chrono>
#include <string>

namespace modax::store {

struct Reader {
    std::string name;  // [a-z_][a-z0-9_]{0,62}
    Secret password;   // empty: that of the role stays, or it has none yet
    std::chrono::milliseconds statement_timeout = std::chrono::minutes{5};
};

// Makes the role when there is none, and lets it read everything in public, also tables that come
// later, and make temporary tables (Tableau does). Run again it changes nothing. invalid_argument:
// the name, or a role that may do more than read (superuser, owner of the database);
// permission_denied: the connection's role may not make roles. The password leaves this process as
// a SCRAM verifier only.
Status grant_reading(Connection& connection, const Reader& reader);

}  // namespace modax::store
