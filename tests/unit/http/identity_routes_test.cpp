// /api/v1/keys, /users and /roles: what is read from a body, what is refused, and how (PROMISES
// P10).
#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>

namespace modax::http {
namespace {

using nlohmann::json;

class IdentityRoutes : public ServerTest {
protected:
    HttpAnswer send(
        std::string_view method,
        std::string_view target,
        std::string_view body,
        std::string_view key = "all"
    ) {
        std::string text{method};
        text += ' ';
        text += target;
        text += " HTTP/1.1\r\nHost: test\r\nX-API-Key: ";
        text += key;
        text += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        text += body;
        HttpClient client{port_};
        return client.request(text);
    }
    // The fields that a 422 names.
    static std::vector<std::string> fields_of(const HttpAnswer& answer) {
        EXPECT_EQ(answer.status, 422) << answer.body;
        std::vector<std::string> fields;
        const auto problem = json::parse(answer.body);
        for (const auto& error : problem["errors"]) fields.push_back(error["field"]);
        return fields;
    }
    using Fields = std::vector<std::string>;
};

TEST_F(IdentityRoutes, a_key_is_made_shown_once_and_listed_without_its_text) {
    start();
    const auto answer = send(
        "POST",
        "/api/v1/keys",
        R"({"name":"sap","scopes":["readings:read"],"devices":["cnc-*"],)"
        R"("networks":["10.0.0.0/8"],"expires":"30d"})"
    );
    ASSERT_EQ(answer.status, 201) << answer.body;
    const auto key = json::parse(answer.body);
    EXPECT_EQ(key["key"], "modax_secret");
    EXPECT_EQ(key["status"], "active");
    EXPECT_EQ(key["created_by"], "key:all@127.0.0.1");
    EXPECT_EQ(key["expires"], format_iso8601(clock_.now() + std::chrono::days{30}));
    const auto listed = get("/api/v1/keys");
    EXPECT_EQ(json::parse(listed.body)["keys"][0]["name"], "sap");
    EXPECT_EQ(listed.body.find("modax_secret"), std::string::npos);
    EXPECT_EQ(listed.field("Cache-Control"), "no-store");
}

TEST_F(IdentityRoutes, a_key_lasts_90_days_unless_told_otherwise) {
    start();
    const auto answer = send("POST", "/api/v1/keys", R"({"name":"a","scopes":["*"]})");
    EXPECT_EQ(
        json::parse(answer.body)["expires"], format_iso8601(clock_.now() + std::chrono::days{90})
    );
}

TEST_F(IdentityRoutes, what_is_wrong_in_a_body_is_named) {
    start();
    const auto post = [&](std::string_view body) { return send("POST", "/api/v1/keys", body); };
    EXPECT_EQ(fields_of(post("{}")), Fields{"name"});
    EXPECT_EQ(fields_of(post(R"({"name":1,"scopes":"*"})")), (Fields{"name", "scopes"}));
    EXPECT_EQ(fields_of(post(R"({"name":"a","scopes":["*"],"x":1})")), Fields{"x"});
    EXPECT_EQ(fields_of(post(R"({"name":"a","scopes":[1]})")), Fields{"scopes"});
    for (const auto* expires : {"soon", "4000d", "-1d"}) {
        const auto body =
            R"({"name":"a","scopes":["*"],"expires":")" + std::string{expires} + R"("})";
        EXPECT_EQ(fields_of(post(body)), Fields{"expires"}) << expires;
    }
    EXPECT_EQ(fields_of(post(R"({"name":"odd","scopes":["*"]})")), Fields{"name"});
    EXPECT_EQ(post(R"({"name":"full","scopes":["*"]})").status, 503);
}

TEST_F(IdentityRoutes, a_body_that_is_no_json_or_beyond_the_limits_is_refused) {
    start();
    const std::vector<std::string> bodies{
        "",
        "nonsense",
        "[]",
        "{\"name\":\"a\",}",
        "{\"name\":\"a\",\"name\":\"b\"}",
        "{\"name\":\"\xff\"}",
        "{\"name\":NaN}",
        "{\"name\":" + std::string(40, '[') + std::string(40, ']') + "}"};
    for (const auto& body : bodies) {
        const auto answer = send("POST", "/api/v1/keys", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    }
    std::string many = "{\"scopes\":[";
    for (int i = 0; i < 11'000; ++i) many += "1,";
    EXPECT_EQ(send("POST", "/api/v1/keys", many + "1]}").status, 400);
}

TEST_F(IdentityRoutes, nobody_gives_away_what_he_does_not_have) {
    start();
    keys_.add("giver", {"api_key", "giver", {"keys:write", "readings:read"}, {"press-*"}, "giver"});
    const auto post = [&](std::string_view body) {
        return send("POST", "/api/v1/keys", body, "giver");
    };
    const std::string device = R"(,"devices":["press-*"]})";
    EXPECT_EQ(post(R"({"name":"a","scopes":["readings:read"])" + device).status, 201);
    EXPECT_EQ(fields_of(post(R"({"name":"a","scopes":["*"])" + device)), Fields{"scopes"});
    EXPECT_EQ(fields_of(post(R"({"name":"a","scopes":["audit:read"])" + device)), Fields{"scopes"});
    EXPECT_EQ(fields_of(post(R"({"name":"a","scopes":["readings:read"]})")), Fields{"devices"});
    EXPECT_EQ(
        fields_of(post(R"({"name":"a","scopes":["readings:read"],"devices":["*"]})")),
        Fields{"devices"}
    );
}

TEST_F(IdentityRoutes, rotation_and_revocation) {
    start();
    EXPECT_EQ(
        json::parse(send("POST", "/api/v1/keys/id000001/rotate", "").body)["name"],
        std::to_string(7 * 86'400)
    );
    EXPECT_EQ(
        json::parse(send("POST", "/api/v1/keys/id000001/rotate", R"({"overlap":"1h"})").body
        )["name"],
        "3600"
    );
    EXPECT_EQ(
        fields_of(send("POST", "/api/v1/keys/id000001/rotate", R"({"overlap":"x"})")),
        Fields{"overlap"}
    );
    EXPECT_EQ(send("POST", "/api/v1/keys/nobody/rotate", "").status, 404);
    EXPECT_EQ(send("DELETE", "/api/v1/keys/id000001", "").status, 200);
    EXPECT_EQ(send("DELETE", "/api/v1/keys/nobody", "").status, 404);
}

TEST_F(IdentityRoutes, users_and_roles) {
    start();
    const auto users = get("/api/v1/users");
    EXPECT_EQ(json::parse(users.body)["users"][0]["name"], "press");
    EXPECT_EQ(users.body.find("hash"), std::string::npos) << "no hash is told";
    EXPECT_EQ(json::parse(get("/api/v1/roles").body)["roles"][0]["publish"][0], "a/%u");
    EXPECT_EQ(
        send("PUT", "/api/v1/users/press", R"({"password":"long-enough","roles":["bi"]})").status,
        200
    );
    EXPECT_EQ(
        fields_of(send("PUT", "/api/v1/users/press", R"({"password":"x"})")), Fields{"password"}
    );
    EXPECT_EQ(send("DELETE", "/api/v1/users/press", "").status, 200);
    EXPECT_EQ(send("DELETE", "/api/v1/users/anna", "").status, 404);
    EXPECT_EQ(send("PUT", "/api/v1/roles/cell", R"({"publish":["a/#"]})").status, 200);
    EXPECT_EQ(fields_of(send("DELETE", "/api/v1/roles/device", "")), Fields{"name"});
}

TEST_F(IdentityRoutes, a_key_that_ends_soon_or_was_rotated_is_told_so) {
    start();
    Principal soon{"api_key", "soon", {"*"}, {}, "soon"};
    soon.expires = clock_.now() + std::chrono::days{14};
    keys_.add("soon", soon);
    auto later = soon;
    later.expires = clock_.now() + std::chrono::days{15};
    keys_.add("later", later);
    auto rotated = later;
    rotated.successor = "id000002";
    keys_.add("rotated", rotated);
    EXPECT_EQ(
        get("/api/v1/devices", "soon").field("X-API-Key-Expires"), format_iso8601(*soon.expires)
    );
    EXPECT_EQ(get("/api/v1/devices", "later").field("X-API-Key-Expires"), "");
    const auto answer = get("/api/v1/devices", "rotated");
    EXPECT_EQ(answer.field("Deprecation").substr(0, 1), "@");
    EXPECT_NE(answer.field("Sunset").find("GMT"), std::string::npos);
}

TEST_F(IdentityRoutes, the_audit_log_is_told_of_accesses_once_a_minute_and_of_refusals) {
    start();
    publish(reading("press-01", 1));
    publish(reading("press-02", 1));
    HttpClient client{port_};
    const std::string key = "X-API-Key: reader\r\n";
    for (int i = 0; i < 5; ++i) client.get("/api/v1/devices/press-01/data", key);
    client.get("/api/v1/devices/press-02/data", key);
    ASSERT_TRUE(eventually([&] { return trail_.accesses().size() >= 3; }));
    const auto told = trail_.accesses();
    EXPECT_EQ(told[0].actor, "key:reader");
    EXPECT_EQ(told[0].source, "127.0.0.1");
    EXPECT_EQ(told[0].via, "rest");
    EXPECT_EQ(told[0].action, "readings.read");
    EXPECT_EQ(told[0].object, "device:press-01");
    EXPECT_EQ(told[0].count, 1U);
    EXPECT_EQ(told[1].count, 4U) << "the others of the minute";
    EXPECT_EQ(told[2].object, "device:press-02");
    get("/api/v1/devices/press-01/data", "wrong");
    get("/api/v1/keys", "reader");
    const auto refused = trail_.refusals();
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_EQ(refused[0].actor, "unknown");
    EXPECT_EQ(refused[0].object, "path:/api/v1/devices/press-01/data");
    EXPECT_EQ(refused[1].actor, "key:reader");
    EXPECT_EQ(refused[1].result, AuditEntry::Result::refused);
    EXPECT_NE(refused[1].detail.find("keys:read"), std::string::npos);
}

TEST_F(IdentityRoutes, the_audit_log_is_read_in_pages_with_filters) {
    start();
    std::vector<AuditEntry> entries(5);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].actor = i == 2 ? "user:anna" : "key:a";
        entries[i].detail = "\"quoted\"";
    }
    ASSERT_TRUE(audit_.append(entries));
    const auto page = json::parse(get("/api/v1/audit?limit=2").body);
    EXPECT_EQ(page["rows"][0]["sequence"], 5);
    EXPECT_EQ(page["rows"][0]["detail"], "\"quoted\"");
    EXPECT_EQ(page["next_cursor"], "4");
    const auto rest = json::parse(get("/api/v1/audit?limit=10&cursor=4").body);
    EXPECT_EQ(rest["rows"].size(), 3U);
    EXPECT_TRUE(rest["next_cursor"].is_null());
    EXPECT_EQ(json::parse(get("/api/v1/audit?actor=user:anna").body)["rows"].size(), 1U);
    EXPECT_EQ(
        fields_of(get("/api/v1/audit?start=x&result=y&limit=0&cursor=z")),
        (Fields{"start", "result", "limit", "cursor"})
    );
}

}  // namespace
}  // namespace modax::http
