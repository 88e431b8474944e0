// API keys, users and roles as rows. Every change goes with its audit row in one transaction.
#include "landing/store_state.hpp"

#include <sstream>
#include <utility>

namespace modax::landing {
namespace {

// Scopes, patterns and names have no line breaks (security checks them).
std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += word + '\n';
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) words.push_back(line);
    return words;
}

ApiKey read_key(const Statement& row) {
    ApiKey key;
    key.id = row.text(0);
    key.name = row.text(1);
    key.secret_hash = row.text(2);
    key.scopes = split(row.text(3));
    key.devices = split(row.text(4));
    key.created = from_micros(row.integer(5));
    if (!row.is_null(6)) key.expires = from_micros(row.integer(6));
    key.revoked = row.integer(7) != 0;
    key.networks = split(row.text(8));
    key.created_by = row.text(9);
    key.successor = row.text(10);
    if (!row.is_null(11)) key.last_used = from_micros(row.integer(11));
    return key;
}

Status insert_key(Connection& connection, const ApiKey& key) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "INSERT INTO api_keys(id, name, secret_hash, scopes, devices, created, expires, revoked,"
        " networks, created_by, successor) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
        " ON CONFLICT DO NOTHING"
    );
    if (!prepared) return prepared;
    const auto scopes = joined(key.scopes);
    const auto devices = joined(key.devices);
    const auto networks = joined(key.networks);
    row.bind(1, std::string_view{key.id})
        .bind(2, std::string_view{key.name})
        .bind_blob(3, key.secret_hash)
        .bind(4, std::string_view{scopes})
        .bind(5, std::string_view{devices})
        .bind(6, to_micros(key.created))
        .bind(8, std::int64_t{key.revoked ? 1 : 0})
        .bind(9, std::string_view{networks})
        .bind(10, std::string_view{key.created_by})
        .bind(11, std::string_view{key.successor});
    if (key.expires) row.bind(7, to_micros(*key.expires));
    if (row.run() == Step::failed) {
        return tl::make_unexpected(connection.failure("store API key " + key.id));
    }
    if (connection.changes() == 0) {
        return fail(Errc::already_exists, "an API key with id " + key.id + " exists");
    }
    return {};
}

// Runs a statement that must change a row.
Status change_one(Connection& connection, Statement& row, const std::string& what) {
    if (row.run() == Step::failed) {
        return tl::make_unexpected(connection.failure("change the " + what));
    }
    if (connection.changes() == 0) return fail(Errc::not_found, "there is no " + what);
    return {};
}

Status run_with_name(
    Connection& connection, std::string_view sql, std::string_view name, const std::string& what
) {
    Statement row;
    if (auto prepared = connection.prepare(row, sql); !prepared) return prepared;
    row.bind(1, name);
    return change_one(connection, row, what + std::string{name});
}

}  // namespace

Result<std::vector<ApiKey>> Store::keys() const {
    return state_->read_all<ApiKey>(
        "SELECT id, name, secret_hash, scopes, devices, created, expires, revoked, networks,"
        " created_by, successor, last_used FROM api_keys ORDER BY created, id",
        read_key
    );
}

Status Store::insert(const ApiKey& key, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return insert_key(connection, key);
    });
}

Status Store::rotate(
    const ApiKey& successor,
    std::string_view old_id,
    Timestamp old_expires,
    const AuditEntry& record
) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(
            row, "UPDATE api_keys SET successor=?2, expires=?3 WHERE id=?1 AND revoked=0"
        );
        if (!prepared) return prepared;
        row.bind(1, old_id).bind(2, std::string_view{successor.id}).bind(3, to_micros(old_expires));
        auto changed = change_one(connection, row, "API key with id " + std::string{old_id});
        if (!changed) return changed;
        return insert_key(connection, successor);
    });
}

Status Store::revoke(std::string_view id, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return run_with_name(
            connection, "UPDATE api_keys SET revoked=1 WHERE id=?1", id, "API key with id "
        );
    });
}

Status Store::note_uses(std::span<const Use> uses) {
    return state_->change_with_audit({}, [&](Connection& connection) -> Status {
        for (const Use& use : uses) {
            Statement row;
            auto prepared = connection.prepare(row, "UPDATE api_keys SET last_used=?2 WHERE id=?1");
            if (!prepared) return prepared;
            row.bind(1, std::string_view{use.id}).bind(2, to_micros(use.last));
            if (row.run() == Step::failed) {
                return tl::make_unexpected(connection.failure("note when keys were used"));
            }
        }
        return {};
    });
}

Result<std::vector<User>> Store::users() const {
    return state_->read_all<User>(
        "SELECT name, password_hash, roles, created FROM users ORDER BY name",
        [](const Statement& row) {
            return User{
                std::string{row.text(0)},
                std::string{row.text(1)},
                split(row.text(2)),
                from_micros(row.integer(3))};
        }
    );
}

Status Store::put(const User& user, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(row, "INSERT OR REPLACE INTO users VALUES(?1,?2,?3,?4)");
        if (!prepared) return prepared;
        const auto roles = joined(user.roles);
        row.bind(1, std::string_view{user.name})
            .bind(2, std::string_view{user.password_hash})
            .bind(3, std::string_view{roles})
            .bind(4, to_micros(user.created));
        return change_one(connection, row, "user " + user.name);
    });
}

Status Store::remove_user(std::string_view name, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return run_with_name(connection, "DELETE FROM users WHERE name=?1", name, "user ");
    });
}

Result<std::vector<Role>> Store::roles() const {
    return state_->read_all<Role>(
        "SELECT name, publish, subscribe FROM roles ORDER BY name",
        [](const Statement& row) {
            return Role{std::string{row.text(0)}, split(row.text(1)), split(row.text(2))};
        }
    );
}

Status Store::put(const Role& role, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(row, "INSERT OR REPLACE INTO roles VALUES(?1,?2,?3)");
        if (!prepared) return prepared;
        const auto publish = joined(role.publish);
        const auto subscribe = joined(role.subscribe);
        row.bind(1, std::string_view{role.name})
            .bind(2, std::string_view{publish})
            .bind(3, std::string_view{subscribe});
        return change_one(connection, row, "role " + role.name);
    });
}

Status Store::remove_role(std::string_view name, const AuditEntry& record) {
    return state_->change_with_audit({&record, 1}, [&](Connection& connection) {
        return run_with_name(connection, "DELETE FROM roles WHERE name=?1", name, "role ");
    });
}

Result<std::int64_t> Store::identity_version() const {
    const std::lock_guard guard{state_->anchor_mutex};
    return state_->anchor.integer("SELECT version FROM identity_version");
}

}  // namespace modax::landing
