// /api/v1/users and /api/v1/roles: who may use MQTT, and which topics.
#include "core/flat_json.hpp"
#include "http/change.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <utility>

namespace modax::http {
namespace {

void append_array(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    out += ",\"";
    out.append(name) += "\":";
    append_json_array(out, texts);
}

std::string removed_json(std::string_view name) {
    std::string out = "{\"name\":";
    append_json_string(out, name);
    return out + ",\"status\":\"removed\"}";
}

}  // namespace

void get_users(const Call& call, Response& response) {
    std::string out = "{\"users\":[";
    for (const User& user : call.services.dependencies.user_administration.users()) {
        if (out.back() != '[') out += ',';
        out += "{\"name\":";
        append_json_string(out, user.name);
        append_array(out, "roles", user.roles);
        out += ",\"password\":";
        out += user.password_hash.empty() ? "false" : "true";
        out += ",\"created\":\"";
        append_iso8601(out, user.created);
        out += "\"}";
    }
    response.body = out + "]}";
    response.add_field("Cache-Control", "no-store");
}

void put_user(const Call& call, Response& response) {
    JsonBody body{call.request.body, {"password", "roles"}};
    std::optional<Secret> password;
    if (body.has("password")) password = Secret{body.text("password")};
    auto roles = body.texts("roles");
    if (!body.finish(call, response)) return;
    auto& users = call.services.dependencies.user_administration;
    set_change(
        response,
        200,
        [&users,
         name = id_of(call),
         password = std::move(password),
         roles = std::move(roles),
         origin = origin_of(call)]() -> Result<std::string> {
            if (auto set = users.set_user(name, password, roles, origin); !set) {
                return tl::make_unexpected(set.error());
            }
            std::string out = "{\"name\":";
            append_json_string(out, name);
            append_array(out, "roles", roles);
            return out + '}';
        }
    );
}

void delete_user(const Call& call, Response& response) {
    auto& users = call.services.dependencies.user_administration;
    const auto origin = origin_of(call);
    set_change(response, 200, [&users, name = id_of(call), origin]() -> Result<std::string> {
        if (auto removed = users.remove_user(name, origin); !removed) {
            return tl::make_unexpected(removed.error());
        }
        return removed_json(name);
    });
}

void get_roles(const Call& call, Response& response) {
    std::string out = "{\"roles\":[";
    for (const Role& role : call.services.dependencies.user_administration.roles()) {
        if (out.back() != '[') out += ',';
        out += "{\"name\":";
        append_json_string(out, role.name);
        append_array(out, "publish", role.publish);
        append_array(out, "subscribe", role.subscribe);
        out += '}';
    }
    response.body = out + "]}";
}

void put_role(const Call& call, Response& response) {
    JsonBody body{call.request.body, {"publish", "subscribe"}};
    Role role{id_of(call), body.texts("publish"), body.texts("subscribe")};
    if (!body.finish(call, response)) return;
    auto& users = call.services.dependencies.user_administration;
    set_change(
        response,
        200,
        [&users, role = std::move(role), origin = origin_of(call)]() -> Result<std::string> {
            if (auto set = users.set_role(role, origin); !set) {
                return tl::make_unexpected(set.error());
            }
            std::string out = "{\"name\":";
            append_json_string(out, role.name);
            append_array(out, "publish", role.publish);
            append_array(out, "subscribe", role.subscribe);
            return out + '}';
        }
    );
}

void delete_role(const Call& call, Response& response) {
    auto& users = call.services.dependencies.user_administration;
    const auto origin = origin_of(call);
    set_change(response, 200, [&users, name = id_of(call), origin]() -> Result<std::string> {
        if (auto removed = users.remove_role(name, origin); !removed) {
            return tl::make_unexpected(removed.error());
        }
        return removed_json(name);
    });
}

}  // namespace modax::http
