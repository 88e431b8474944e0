#include "security/users.hpp"

#include "security/base62.hpp"
#include "security/object_hash.hpp"
#include "security/password.hpp"
#include "security/roles.hpp"
#include "security/user_rules.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace modax::security {
namespace {

// Takes `level` and the '/' behind it from the start of `topic`.
bool take_level(std::string_view& topic, std::string_view level) {
    if (!topic.starts_with(level) || topic.size() <= level.size() || topic[level.size()] != '/') {
        return false;
    }
    topic.remove_prefix(level.size() + 1);
    return true;
}

// Changes with anything that decides what a session of the user may do.
std::string state_of(const User& user, const TopicRights& rights) {
    std::string all = user.password_hash;
    for (const auto& pattern : rights.publish) all += "\np" + pattern;
    for (const auto& pattern : rights.subscribe) all += "\ns" + pattern;
    return std::to_string(std::hash<std::string>{}(all));
}

bool covered(const std::vector<std::string>& patterns, std::string_view filter) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return covers(pattern, filter);
    });
}

}  // namespace

Users::Users(UsersOptions options, UserStore& store, const Clock& clock, Random& random)
    : options_{std::move(options)},
      ready_made_{ready_made_roles(options_.topic_prefix)},
      store_{store},
      clock_{clock},
      random_{random},
      table_{std::make_shared<const Table>()} {
    random_.fill(process_key_);
    auto hash = hash_password(random_base62(random_, 32), random_);
    if (!hash) throw std::runtime_error{hash.error().detail};
    nobody_hash_ = std::move(*hash);
}

Status Users::load() {
    const auto users = store_.users();
    if (!users) return tl::make_unexpected(users.error());
    const auto roles = store_.roles();
    if (!roles) return tl::make_unexpected(roles.error());
    auto read = std::make_shared<Table>();
    for (const User& user : *users) read->users.emplace(user.name, user);
    for (const Role& role : ready_made_) read->roles.emplace(role.name, role);
    for (const Role& role : *roles) read->roles.emplace(role.name, role);
    const std::lock_guard lock{mutex_};
    std::erase_if(verified_, [&](const auto& entry) { return !read->users.contains(entry.first); });
    table_ = std::move(read);
    return {};
}

std::vector<User> Users::users() const {
    std::vector<User> listed;
    const auto current = table();
    for (const auto& [name, user] : current->users) listed.push_back(user);
    return listed;
}

std::vector<Role> Users::roles() const {
    std::vector<Role> listed = ready_made_;
    const auto current = table();
    for (const auto& [name, role] : current->roles) {
        if (meaning_of_role(name).empty()) listed.push_back(role);
    }
    return listed;
}

Status Users::put(User user, std::string_view action, const AuditEntry& origin) {
    if (auto checked = check_user_name(user.name); !checked) return checked;
    const auto current = table();
    for (const auto& role : user.roles) {
        if (current->roles.contains(role)) continue;
        std::string known;
        for (const auto& [name, unused] : current->roles) known += ' ' + name;
        return fail(
            Errc::invalid_argument, "roles: there is no role '" + role + "'; there are" + known
        );
    }
    AuditEntry record = origin;
    record.time = clock_.now();
    record.action = action;
    record.object = "user:" + user.name;
    record.detail = "roles";
    for (const auto& role : user.roles) record.detail += ' ' + role;
    if (user.password_hash.empty()) record.detail += "; certificate only";
    const auto before = current->users.find(user.name);
    if (before != current->users.end()) record.before_hash = object_hash(before->second);
    record.after_hash = object_hash(user);
    if (auto stored = store_.put(user, record); !stored) return stored;
    return load();
}

Status Users::set_user(
    std::string_view name,
    const std::optional<Secret>& password,
    const std::vector<std::string>& roles,
    const AuditEntry& origin
) {
    const std::lock_guard changing{changing_};
    User user{std::string{name}, {}, roles, clock_.now()};
    const auto current = table();
    const auto before = current->users.find(name);
    const bool known = before != current->users.end();
    if (known) {
        user.password_hash = before->second.password_hash;
        user.created = before->second.created;
    }
    if (password) {
        if (auto checked = check_password(*password); !checked) return checked;
        auto hash = hash_password(password->reveal(), random_);
        if (!hash) return tl::make_unexpected(hash.error());
        user.password_hash = std::move(*hash);
    }
    return put(std::move(user), known ? "user.change" : "user.create", origin);
}

Status Users::import_user(
    std::string_view name,
    std::string_view password_hash,
    const std::vector<std::string>& roles,
    const AuditEntry& origin
) {
    const std::lock_guard changing{changing_};
    if (!password_hash.empty() && !is_password_hash(password_hash)) {
        return fail(Errc::invalid_argument, "password: this is no Argon2id hash");
    }
    User user{std::string{name}, std::string{password_hash}, roles, clock_.now()};
    return put(std::move(user), "user.create", origin);
}

Status Users::remove_user(std::string_view name, const AuditEntry& origin) {
    const std::lock_guard changing{changing_};
    AuditEntry record = origin;
    record.time = clock_.now();
    record.action = "user.remove";
    record.object = "user:" + std::string{name};
    const auto current = table();
    const auto before = current->users.find(name);
    if (before != current->users.end()) record.before_hash = object_hash(before->second);
    if (auto removed = store_.remove_user(name, record); !removed) return removed;
    return load();
}

Status Users::set_role(const Role& role, const AuditEntry& origin) {
    const std::lock_guard changing{changing_};
    if (auto checked = check_role(role); !checked) return checked;
    AuditEntry record = origin;
    record.time = clock_.now();
    record.action = "role.set";
    record.object = "role:" + role.name;
    record.detail = "publish";
    for (const auto& pattern : role.publish) record.detail += ' ' + pattern;
    record.detail += "; subscribe";
    for (const auto& pattern : role.subscribe) record.detail += ' ' + pattern;
    const auto current = table();
    const auto before = current->roles.find(role.name);
    if (before != current->roles.end()) record.before_hash = object_hash(before->second);
    record.after_hash = object_hash(role);
    if (auto stored = store_.put(role, record); !stored) return stored;
    return load();
}

Status Users::remove_role(std::string_view name, const AuditEntry& origin) {
    const std::lock_guard changing{changing_};
    if (!meaning_of_role(name).empty()) {
        return fail(Errc::invalid_argument, "name: a ready-made role stays");
    }
    const auto current = table();
    for (const auto& [user_name, user] : current->users) {
        if (std::find(user.roles.begin(), user.roles.end(), name) == user.roles.end()) continue;
        return fail(
            Errc::invalid_argument, "name: user " + user_name + " has this role; take it away first"
        );
    }
    AuditEntry record = origin;
    record.time = clock_.now();
    record.action = "role.remove";
    record.object = "role:" + std::string{name};
    const auto before = current->roles.find(name);
    if (before != current->roles.end()) record.before_hash = object_hash(before->second);
    if (auto removed = store_.remove_role(name, record); !removed) return removed;
    return load();
}

Principal Users::principal_of(
    std::string_view kind, const User& user, const Table& table, std::string_view client_id
) const {
    auto rights = std::make_shared<TopicRights>();
    const auto fill = [&](const auto& patterns, std::vector<std::string>& into) {
        for (const auto& pattern : patterns) {
            if (auto filled = fill_in(pattern, user.name, client_id)) {
                into.push_back(std::move(*filled));
            }
        }
    };
    for (const auto& name : user.roles) {
        const auto role = table.roles.find(name);
        if (role == table.roles.end()) continue;
        fill(role->second.publish, rights->publish);
        fill(role->second.subscribe, rights->subscribe);
    }
    Principal principal{std::string{kind}, user.name, {}, {}};
    principal.id = state_of(user, *rights);
    principal.client_id = client_id;
    principal.rights = std::move(rights);
    return principal;
}

Result<Principal> Users::authenticate(const MqttCredentials& credentials) {
    const auto current = table();
    if (auto decided = decide(credentials, *current)) return std::move(*decided);
    const auto user = current->users.find(credentials.user);
    const bool known = user != current->users.end() && !user->second.password_hash.empty();
    // Always verified, so that the time does not tell which users there are.
    const std::string& hash = known ? user->second.password_hash : nobody_hash_;
    if (!verify_password(hash, credentials.password) || !known) return deny();
    const Digest digest = proof(credentials, hash);
    {
        const std::lock_guard lock{mutex_};
        verified_[credentials.user] = digest;
    }
    return principal_of("mqtt_user", user->second, *current, credentials.client_id);
}

std::optional<Result<Principal>> Users::try_authenticate(const MqttCredentials& credentials) const {
    const auto current = table();
    if (auto decided = decide(credentials, *current)) return decided;
    const auto user = current->users.find(credentials.user);
    if (user == current->users.end()) return std::nullopt;
    // The proof covers the hash, so it is void once the password was changed.
    const Digest digest = proof(credentials, user->second.password_hash);
    {
        const std::lock_guard lock{mutex_};
        const auto verified = verified_.find(credentials.user);
        const bool same =
            verified != verified_.end() && equal_in_constant_time(verified->second, digest);
        if (!same) return std::nullopt;
    }
    return principal_of("mqtt_user", user->second, *current, credentials.client_id);
}

std::optional<Result<Principal>> Users::decide(
    const MqttCredentials& credentials, const Table& table
) const {
    if (!credentials.user.empty()) return std::nullopt;
    const std::string& subject = credentials.certificate_subject;
    if (options_.certificate_identity && !subject.empty()) {
        const auto user = table.users.find(subject);
        if (user == table.users.end()) return deny();
        return principal_of("certificate", user->second, table, credentials.client_id);
    }
    // A password without a user name is a user who was forgotten, not nobody.
    if (options_.allow_anonymous_on_loopback && credentials.loopback &&
        credentials.password.empty()) {
        Principal anonymous{"anonymous", "anonymous", {}, {}};
        static const std::vector<std::string> k_all{"#"};
        anonymous.rights = std::make_shared<const TopicRights>(TopicRights{k_all, k_all});
        return anonymous;
    }
    return deny();
}

bool Users::may_stay(const Principal& principal) const {
    if (principal.kind == "anonymous") return options_.allow_anonymous_on_loopback;
    const auto current = table();
    const auto user = current->users.find(principal.name);
    if (user == current->users.end()) return false;
    return principal_of(principal.kind, user->second, *current, principal.client_id).id ==
           principal.id;
}

bool Users::may_publish(const Principal& principal, std::string_view topic) const {
    if (topic.starts_with('$') || !principal.rights) return false;
    if (!covered(principal.rights->publish, topic)) return false;
    if (!take_level(topic, options_.topic_prefix)) return true;
    const std::string_view level = topic.substr(0, topic.find('/'));
    return level != "ai" && level != "system" && level != "control";
}

bool Users::may_subscribe(const Principal& principal, std::string_view filter) const {
    if (take_level(filter, "$share")) {
        const auto slash = filter.find('/');
        if (slash == std::string_view::npos) return false;
        filter.remove_prefix(slash + 1);
    }
    return !filter.starts_with('$') && principal.rights &&
           covered(principal.rights->subscribe, filter);
}

void Users::collect(MetricSink& sink) const {
    sink.counter(
        "modax_security_mqtt_denied_total",
        "MQTT clients whose credentials were refused.",
        static_cast<double>(denied_.load(std::memory_order_relaxed))
    );
    sink.gauge("modax_security_users", "Users.", static_cast<double>(table()->users.size()));
}

std::shared_ptr<const Users::Table> Users::table() const {
    const std::lock_guard lock{mutex_};
    return table_;
}

Digest Users::proof(const MqttCredentials& credentials, std::string_view hash) const {
    // Neither a name of the table nor a hash holds a NUL, so the parts can't be shifted.
    const Secret text{credentials.user + '\0' + std::string{hash} + '\0' + credentials.password};
    return hmac_sha256(process_key_, text.reveal());
}

tl::unexpected<Error> Users::deny() const {
    denied_.fetch_add(1, std::memory_order_relaxed);
    return fail(Errc::unauthenticated, "user name or password is not valid");
}

}  // namespace modax::security
