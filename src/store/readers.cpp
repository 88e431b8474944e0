#include "store/readers.hpp"

namespace modax::store {
namespace {

bool is_plain_name(std::string_view name) {
    constexpr std::string_view k_letters = "abcdefghijklmnopqrstuvwxyz_";
    return !name.empty() && name.size() <= 63 && k_letters.find(name.front()) != name.npos &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == name.npos;
}

Result<bool> exists(Connection& connection, const std::string& name) {
    const auto rows = connection.query(
        "SELECT rolsuper OR oid = (SELECT datdba FROM pg_database WHERE datname = "
        "current_database()) OR rolname = current_user FROM pg_roles WHERE rolname = $1",
        {name}
    );
    if (!rows) return tl::make_unexpected(rows.error());
    if (rows->count() == 0) return false;
    if (rows->flag(0, 0)) {
        return fail(
            Errc::invalid_argument,
            "the role " + name +
                " may do more than read (superuser, owner of the database or the "
                "gateway's own): choose another name"
        );
    }
    return true;
}

std::string grants(const std::string& role, const std::string& database) {
    return "GRANT CONNECT, TEMPORARY ON DATABASE " + database + " TO " + role +
           "; GRANT USAGE ON SCHEMA public TO " + role +
           "; GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role +
           "; ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO " + role;
}

}  // namespace

Status grant_reading(Connection& connection, const Reader& reader) {
    if (!is_plain_name(reader.name)) {
        return fail(
            Errc::invalid_argument,
            "\"" + reader.name + "\" is no name for a role: small letters, digits and '_'"
        );
    }
    const auto known = exists(connection, reader.name);
    if (!known) return tl::make_unexpected(known.error());
    const auto role = quote_identifier(reader.name);
    std::string statements;
    if (!*known) statements += "CREATE ROLE " + role + " LOGIN NOINHERIT; ";
    if (!reader.password.empty()) {
        const auto verifier = connection.password_verifier(reader.name, reader.password);
        if (!verifier) return tl::make_unexpected(verifier.error());
        statements += "ALTER ROLE " + role + " PASSWORD " + quote_literal(*verifier) + "; ";
    }
    if (!*known || !reader.password.empty()) {
        statements += "ALTER ROLE " + role + " SET statement_timeout = " +
                      std::to_string(reader.statement_timeout.count()) + "; ";
    }
    const auto database = connection.query("SELECT quote_ident(current_database())");
    if (!database) return tl::make_unexpected(database.error());
    statements += grants(role, std::string{database->text(0, 0)});
    const auto done = connection.transaction([&] { return connection.execute(statements); });
    if (done || done.error().code != Errc::permission_denied) return done;
    return fail(
        Errc::permission_denied,
        done.error().detail +
            "; the gateway's role may not make roles: let a superuser run CREATE ROLE " +
            reader.name + " LOGIN PASSWORD '…'; then this command again, without a password"
    );
}

}  // namespace modax::store
