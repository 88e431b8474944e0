#include "security/user_rules.hpp"

#include "security/password.hpp"
#include "security/roles.hpp"

#include <algorithm>

namespace modax::security {
namespace {

constexpr std::size_t k_min_password_bytes = 8;
constexpr std::size_t k_max_password_bytes = 1024;
constexpr std::string_view k_no_password = "!";

bool is_user_name(std::string_view name) {
    if (name.empty() || name.size() > 64 || name[0] == '#') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != ':';
    });
}

bool is_comment(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#');
}

}  // namespace

Status check_user_name(std::string_view name) {
    if (is_user_name(name)) return {};
    return fail(
        Errc::invalid_argument,
        "name: must be 1 to 64 printable characters without blank and ':', and not begin with '#'"
    );
}

Status check_password(const Secret& password) {
    const auto size = password.reveal().size();
    if (size >= k_min_password_bytes && size <= k_max_password_bytes) return {};
    return fail(Errc::invalid_argument, "password: must have 8 to 1024 bytes");
}

Status check_role(const Role& role) {
    if (auto checked = check_user_name(role.name); !checked) return checked;
    if (!meaning_of_role(role.name).empty()) {
        return fail(Errc::invalid_argument, "name: this is a ready-made role; choose another name");
    }
    if (role.publish.empty() && role.subscribe.empty()) {
        return fail(Errc::invalid_argument, "publish: a role needs a pattern here or in subscribe");
    }
    const auto check = [](std::string_view field, const auto& patterns) -> Status {
        for (const auto& pattern : patterns) {
            if (is_topic_pattern(pattern)) continue;
            return fail(
                Errc::invalid_argument,
                std::string{field} + ": '" + pattern +
                    "' is no topic filter; write for example modax/sensor/data/%u"
            );
        }
        return {};
    };
    if (auto checked = check("publish", role.publish); !checked) return checked;
    return check("subscribe", role.subscribe);
}

Result<UserHashes> parse_users(const std::filesystem::path& path, std::string_view content) {
    UserHashes users;
    for (std::size_t number = 1; !content.empty(); ++number) {
        const auto end = std::min(content.find('\n'), content.size());
        std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (is_comment(line)) continue;
        const auto wrong = [&](std::string_view text) {
            return fail(
                Errc::invalid_argument,
                path.string() + ':' + std::to_string(number) + ": " + std::string{text}
            );
        };
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_user_name(line.substr(0, colon))) {
            return wrong("not a line of the form name:hash; remove it");
        }
        std::string_view hash = line.substr(colon + 1);
        if (hash != k_no_password && !is_password_hash(hash)) {
            return wrong("what follows the name is no Argon2id hash; use `modax user set` instead");
        }
        if (hash == k_no_password) hash = {};
        if (!users.emplace(line.substr(0, colon), hash).second) {
            return wrong("this user is there twice; remove one of the two lines");
        }
    }
    return users;
}

}  // namespace modax::security
