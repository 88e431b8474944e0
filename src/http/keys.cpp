// /api/v1/keys: API keys are listed, made, rotated and revoked (PROMISES P10).
#include "core/duration_text.hpp"
#include "core/flat_json.hpp"
#include "http/change.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <algorithm>
#include <utility>

namespace modax::http {
namespace {

// PROMISES P10.
constexpr std::chrono::days k_lifetime{90};
constexpr std::chrono::days k_longest_lifetime{3650};
constexpr std::chrono::days k_overlap{7};

void append_texts(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
    out += ",\"";
    out.append(name) += "\":";
    append_json_array(out, texts);
}

void append_time(std::string& out, std::string_view name, const std::optional<Timestamp>& time) {
    out += ",\"";
    out.append(name) += "\":";
    if (!time) {
        out += "null";
        return;
    }
    out += '"';
    append_iso8601(out, *time);
    out += '"';
}

void append_text(std::string& out, std::string_view name, const std::string& text) {
    out += ",\"";
    out.append(name) += "\":";
    if (text.empty()) {
        out += "null";
    } else {
        append_json_string(out, text);
    }
}

// An object that is left open for more members.
void append_key(std::string& out, const ApiKey& key, Timestamp now) {
    const bool expired = key.expires && now >= *key.expires;
    out += "{\"id\":";
    append_json_string(out, key.id);
    out += ",\"name\":";
    append_json_string(out, key.name);
    out += R"(,"status":")";
    out += key.revoked ? "revoked" : expired ? "expired" : "active";
    out += '"';
    append_texts(out, "scopes", key.scopes);
    append_texts(out, "devices", key.devices);
    append_texts(out, "networks", key.networks);
    append_time(out, "created", key.created);
    append_text(out, "created_by", key.created_by);
    append_time(out, "expires", key.expires);
    append_time(out, "last_used", key.last_used);
    append_text(out, "successor", key.successor);
}

std::string created_json(const CreatedKey& created) {
    std::string out;
    append_key(out, created.key, created.key.created);
    out += ",\"key\":";
    append_json_string(out, created.text.reveal());
    return out + '}';
}

// "90d", or a time; wrong when it is neither.
std::optional<Timestamp> read_expiry(JsonBody& body, Timestamp now) {
    if (!body.has("expires")) return now + k_lifetime;
    const std::string text = body.text("expires");
    if (const auto time = parse_iso8601(text)) return *time;
    const auto duration = parse_duration(text);
    if (duration && *duration <= k_longest_lifetime) return now + *duration;
    body.wrong("expires", "must be a duration such as 90d, at most 3650d, or an ISO 8601 time");
    return std::nullopt;
}

// Nobody gives away what he does not have.
void check_rights(JsonBody& body, const KeySpec& spec, const Principal& giver) {
    for (const auto& scope : spec.scopes) {
        if (!giver.may(scope)) body.wrong("scopes", "your own key lacks " + scope);
    }
    if (giver.devices.empty()) return;
    const auto& own = giver.devices;
    const bool within =
        !spec.devices.empty() &&
        std::all_of(spec.devices.begin(), spec.devices.end(), [&](const auto& pattern) {
            return std::find(own.begin(), own.end(), pattern) != own.end();
        });
    if (!within) body.wrong("devices", "your own key is only for some; name patterns of its own");
}

}  // namespace

void get_keys(const Call& call, Response& response) {
    const auto now = call.services.dependencies.clock.now();
    std::string out = "{\"keys\":[";
    for (const ApiKey& key : call.services.dependencies.key_administration.list()) {
        if (out.back() != '[') out += ',';
        append_key(out, key, now);
        out += '}';
    }
    response.body = out + "]}";
    response.add_field("Cache-Control", "no-store");
}

void post_key(const Call& call, Response& response) {
    JsonBody body{call.request.body, {"name", "scopes", "devices", "networks", "expires"}};
    KeySpec spec;
    spec.name = body.text("name");
    spec.scopes = body.texts("scopes");
    spec.devices = body.texts("devices");
    spec.networks = body.texts("networks");
    spec.expires = read_expiry(body, call.services.dependencies.clock.now());
    check_rights(body, spec, call.principal);
    if (!body.finish(call, response)) return;
    auto& keys = call.services.dependencies.key_administration;
    set_change(
        response,
        201,
        [&keys, spec = std::move(spec), origin = origin_of(call)]() -> Result<std::string> {
            const auto created = keys.create(spec, origin);
            if (!created) return tl::make_unexpected(created.error());
            return created_json(*created);
        }
    );
}

void post_key_rotation(const Call& call, Response& response) {
    JsonBody body{call.request.body.empty() ? "{}" : call.request.body, {"overlap"}};
    std::chrono::seconds overlap = k_overlap;
    if (body.has("overlap")) {
        const auto parsed = parse_duration(body.text("overlap"));
        if (!parsed) body.wrong("overlap", "must be a duration such as 7d, at most 30d");
        overlap = std::chrono::ceil<std::chrono::seconds>(parsed.value_or(std::chrono::seconds{0}));
    }
    if (!body.finish(call, response)) return;
    auto& keys = call.services.dependencies.key_administration;
    const auto origin = origin_of(call);
    set_change(response, 201, [&keys, id = id_of(call), overlap, origin]() -> Result<std::string> {
        const auto created = keys.rotate(id, overlap, origin);
        if (!created) return tl::make_unexpected(created.error());
        return created_json(*created);
    });
}

void delete_key(const Call& call, Response& response) {
    auto& keys = call.services.dependencies.key_administration;
    const auto origin = origin_of(call);
    set_change(response, 200, [&keys, id = id_of(call), origin]() -> Result<std::string> {
        if (auto revoked = keys.revoke(id, origin); !revoked) {
            return tl::make_unexpected(revoked.error());
        }
        return R"({"id":")" + id + R"(","status":"revoked"})";
    });
}

}  // namespace modax::http
