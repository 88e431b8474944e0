// What names, passwords, roles and files of users must be like. Pure functions; any thread.
#pragma once

#include "core/identity.hpp"
#include "core/secret.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace modax::security {

// 1 to 64 printable characters without blank and ':'; not '#' first.
Status check_user_name(std::string_view name);
// 8 to 1024 bytes.
Status check_password(const Secret& password);
// A name like that of a user that is not ready-made, and at least one pattern.
Status check_role(const Role& role);

// The old file of users: one `name:$argon2id$…` a line, '#' begins a comment line, '!' in place of
// the hash stands for certificate only (here: empty). Errors: invalid_argument with file, line and
// what to do; never shows a hash.
using UserHashes = std::map<std::string, std::string, std::less<>>;
Result<UserHashes> parse_users(const std::filesystem::path& path, std::string_view content);

}  // namespace modax::security
