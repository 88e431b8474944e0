// The file of MQTT users: one `name:$argon2id$…` a line, '#' begins a comment line. A user with '!'
// in place of the hash has no password and comes in by certificate only. Used by MqttUsers and by
// the command line.
#pragma once

#include "core/file_system.hpp"
#include "core/random.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace modax::security {

inline constexpr std::string_view k_no_password = "!";

using UserTable = std::map<std::string, std::string, std::less<>>;  // name to hash or '!'

// Errors: invalid_argument with file, line and what to do; never shows a hash.
Result<UserTable> parse_users(const std::filesystem::path& path, std::string_view content);

// Adds the user or changes the password; the file is made when it is missing (mode 0600), replaced
// as a whole, and keeps its comments. Errors: invalid_argument (name: 1 to 64 printable characters
// without blank, ':' and leading '#'; password: 8 to 1024 bytes; a wrong line in the file),
// io_error.
Status set_user(
    FileSystem& files,
    Random& random,
    const std::filesystem::path& path,
    std::string_view name,
    const Secret& password
);
// Errors: not_found, invalid_argument, io_error.
Status remove_user(FileSystem& files, const std::filesystem::path& path, std::string_view name);

}  // namespace modax::security
