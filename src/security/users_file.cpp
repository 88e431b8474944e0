#include "security/users_file.hpp"

#include "security/password.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace modax::security {
namespace {

constexpr unsigned k_file_mode = 0600;
constexpr std::size_t k_min_password_bytes = 8;
constexpr std::size_t k_max_password_bytes = 1024;

bool is_user_name(std::string_view name) {
    if (name.empty() || name.size() > 64 || name[0] == '#') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != ':';
    });
}

std::vector<std::string_view> lines_of(std::string_view content) {
    std::vector<std::string_view> lines;
    while (!content.empty()) {
        const auto end = std::min(content.find('\n'), content.size());
        std::string_view line = content.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.push_back(line);
        content.remove_prefix(std::min(end + 1, content.size()));
    }
    return lines;
}

bool is_comment(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#');
}

std::string_view name_of(std::string_view line) {
    return is_comment(line) ? std::string_view{} : line.substr(0, line.find(':'));
}

// The content with the line of `name` replaced, taken out (nullopt) or put at the end.
std::string with_line(
    std::string_view content, std::string_view name, const std::optional<std::string>& line
) {
    std::string out;
    bool done = !line;
    for (const std::string_view old : lines_of(content)) {
        if (name_of(old) != name) {
            out += old;
            out += '\n';
        } else if (!done) {
            out += *line + '\n';
            done = true;
        }
    }
    if (!done) out += *line + '\n';
    return out;
}

// The content of a file whose lines are right; empty when there is none yet.
Result<std::string> read_checked(const FileSystem& files, const std::filesystem::path& path) {
    if (!files.exists(path)) return std::string{};
    auto content = files.read(path);
    if (!content) return content;
    // A wrong line is not written again as if it were right.
    if (auto users = parse_users(path, *content); !users) return tl::make_unexpected(users.error());
    return content;
}

}  // namespace

Result<UserTable> parse_users(const std::filesystem::path& path, std::string_view content) {
    UserTable users;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(content)) {
        ++number;
        if (is_comment(line)) continue;
        const auto wrong = [&](std::string_view text) {
            return fail(
                Errc::invalid_argument,
                path.string() + ':' + std::to_string(number) + ": " + std::string{text}
            );
        };
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_user_name(line.substr(0, colon))) {
            return wrong("not a line of the form name:hash; remove it and use `modax user set`");
        }
        const std::string_view hash = line.substr(colon + 1);
        if (hash != k_no_password && !is_password_hash(hash)) {
            return wrong(
                "what follows the name is no Argon2id hash; passwords are not written here, use "
                "`modax user set`"
            );
        }
        if (!users.emplace(line.substr(0, colon), hash).second) {
            return wrong("this user is there twice; remove one of the two lines");
        }
    }
    return users;
}

Status set_user(
    FileSystem& files,
    Random& random,
    const std::filesystem::path& path,
    std::string_view name,
    const Secret& password
) {
    if (!is_user_name(name)) {
        return fail(
            Errc::invalid_argument,
            "user name: must be 1 to 64 printable characters without blank, ':' and leading '#'"
        );
    }
    const std::size_t length = password.reveal().size();
    if (length < k_min_password_bytes || length > k_max_password_bytes) {
        return fail(
            Errc::invalid_argument, "password: must have 8 to 1024 bytes; choose another one"
        );
    }
    const auto content = read_checked(files, path);
    if (!content) return tl::make_unexpected(content.error());
    const auto hash = hash_password(password.reveal(), random);
    if (!hash) return tl::make_unexpected(hash.error());
    const std::string line = std::string{name} + ':' + *hash;
    return files.write_atomic(path, with_line(*content, name, line), k_file_mode);
}

Status remove_user(FileSystem& files, const std::filesystem::path& path, std::string_view name) {
    const auto content = read_checked(files, path);
    if (!content) return tl::make_unexpected(content.error());
    const auto lines = lines_of(*content);
    const bool known = !name.empty() && std::any_of(lines.begin(), lines.end(), [&](auto line) {
        return name_of(line) == name;
    });
    if (!known) {
        return fail(
            Errc::not_found,
            "there is no user '" + std::string{name} + "' in " + path.string() +
                "; `modax user list` shows all"
        );
    }
    return files.write_atomic(path, with_line(*content, name, std::nullopt), k_file_mode);
}

}  // namespace modax::security
