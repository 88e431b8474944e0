// Which PostgreSQL the plant store is in, how to reach it, and the rules about that: no password in
// a URL, no connection beyond loopback without TLS. Values; any thread.
#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace modax::store {

struct Target {
    std::string url{};                // postgresql://user@host:port/database?sslmode=verify-full
    Secret password{};                // empty: none, or that of ~/.pgpass
    std::filesystem::path ca_file{};  // empty: the libpq default (~/.postgresql/root.crt)
    std::chrono::milliseconds connect_timeout = std::chrono::seconds{5};
    // The server ends a statement after it; when it does not, the connection is given up a little
    // later (connection.hpp).
    std::chrono::milliseconds statement_timeout = std::chrono::seconds{30};
};

// Keywords and values of libpq, the password among them: not for the log.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// invalid_argument: not a URL of PostgreSQL, no database or host, a password or a service in it,
// or an sslmode that would not encrypt beyond loopback. Without sslmode: "prefer" on loopback;
// beyond it "verify-full" with a CA file, else "require".
Result<Parameters> connection_parameters(const Target& target);

// "postgresql://user@host:port/database", for people and logs; "?" for what is not known.
std::string describe(const Target& target);

}  // namespace modax::store
