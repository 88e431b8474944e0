// Every route: who may, what it answers, and that nothing is open by oversight.
#include "core/scopes.hpp"
#include "http/call.hpp"
#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace modax::http {
namespace {

using nlohmann::json;

std::string path_of(const Route& route, const std::string& id) {
    std::string path{route.pattern};
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, id);
    return path;
}

class Routes : public ServerTest {
protected:
    int ask(const Route& route, const std::string& id, const std::string& key) {
        HttpClient client{port_};
        return client
            .request(
                std::string{to_string(route.method)} + " " + path_of(route, id) +
                " HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n" +
                // /metrics is open from this machine unless a proxy stands in between.
                "X-Forwarded-For: 192.0.2.1\r\n" +
                (key.empty() ? "" : "X-API-Key: " + key + "\r\n") + "\r\n"
            )
            .status;
    }
};

TEST_F(Routes, only_these_are_open_to_anyone) {
    const std::vector<std::string_view> open{
        "/health",
        "/ready",
        "/api/v1",
        "/api/v1/",
        "/api/v1/openapi.json",
        "/api/v1/asyncapi.json",
        "/",
        "/pki/ca.crl"};
    for (const Route& route : routes()) {
        EXPECT_TRUE(route.scope.empty() || is_known_scope(route.scope)) << route.scope;
        const bool listed = std::find(open.begin(), open.end(), route.pattern) != open.end();
        EXPECT_EQ(route.access == Access::open, listed) << route.pattern;
        EXPECT_EQ(route.scope.empty(), listed) << route.pattern << " has no scope";
        const bool has_device = route.pattern.find("device/{id}") != std::string_view::npos ||
                                route.pattern.find("devices/{id}") != std::string_view::npos ||
                                route.pattern.find("export/{id}") != std::string_view::npos;
        EXPECT_EQ(route.devices == DeviceRule::of_path, has_device) << route.pattern;
    }
}

TEST_F(Routes, each_needs_a_key_with_its_scope) {
    start();
    device("press-01");
    for (const Route& route : routes()) {
        if (route.access == Access::open) continue;
        SCOPED_TRACE(route.pattern);
        EXPECT_EQ(ask(route, "press-01", ""), 401);
        EXPECT_EQ(ask(route, "press-01", "wrong"), 401);
        EXPECT_EQ(ask(route, "press-01", "other"), 403);
        const int allowed = ask(route, "press-01", "all");
        EXPECT_NE(allowed, 401);
        EXPECT_NE(allowed, 403);
    }
}

TEST_F(Routes, each_device_route_refuses_a_key_for_another_device) {
    start();
    device("press-01");
    device("mill-01");
    for (const Route& route : routes()) {
        if (route.devices != DeviceRule::of_path) continue;
        SCOPED_TRACE(route.pattern);
        EXPECT_EQ(ask(route, "mill-01", "press"), 403);
        EXPECT_EQ(ask(route, "MILL-01", "press"), 403);
        EXPECT_EQ(ask(route, "mill%2D01", "press"), 403);
        EXPECT_EQ(ask(route, "unknown", "press"), 403);  // doesn't tell whether it exists
        EXPECT_EQ(ask(route, "unknown", "all"), 404);
        EXPECT_EQ(ask(route, "%zz", "all"), 403);
        EXPECT_NE(ask(route, "press-01", "press"), 403);
    }
    for (const Route& route : routes()) {
        if (route.devices != DeviceRule::all_devices) continue;
        EXPECT_EQ(ask(route, "x", "press-star"), 403) << route.pattern;
    }
}

TEST_F(Routes, problems_are_rfc_9457) {
    start();
    const auto answer = get("/api/v1/devices/none/data");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    const auto problem = json::parse(answer.body);
    EXPECT_EQ(problem["type"], "urn:modax:problem:not-found");
    EXPECT_EQ(problem["status"], 404);
    EXPECT_EQ(problem["instance"], "/api/v1/devices/none/data");
    EXPECT_FALSE(problem["title"].get<std::string>().empty());
    EXPECT_NE(problem["detail"].get<std::string>().find("none"), std::string::npos);
    EXPECT_FALSE(get("/api/v1/devices", "").field("WWW-Authenticate").empty());
}

TEST_F(Routes, latest_reading_with_etag) {
    start();
    device("press-01");
    EXPECT_EQ(
        json::parse(get("/api/v1/devices/press-01/data").body)["type"], "urn:modax:problem:no-data"
    );
    publish(reading("press-01", 21.5, 7));
    HttpClient client{port_};
    const auto answer = client.get("/api/v1/devices/PRESS-01/data", "X-API-Key: reader\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.field("Content-Type"), "application/json");
    EXPECT_EQ(answer.field("Cache-Control"), "no-store");
    const auto data = json::parse(answer.body);
    EXPECT_EQ(data["device_id"], "press-01");
    EXPECT_EQ(data["temperature"], 21.5);
    EXPECT_EQ(data["seq"], 7);
    const auto etag = answer.field("ETag");
    const auto again = client.get(
        "/api/v1/devices/press-01/data",
        "X-API-Key: reader\r\nIf-None-Match: \"x\", " + etag + "\r\n"
    );
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.field("ETag"), etag);
    publish(reading("press-01", 22.5, 8));
    EXPECT_EQ(
        client
            .get(
                "/api/v1/devices/press-01/data",
                "X-API-Key: reader\r\nIf-None-Match: " + etag + "\r\n"
            )
            .status,
        200
    );
}

TEST_F(Routes, safety_status) {
    start();
    device("press-01");
    EXPECT_EQ(get("/api/v1/devices/press-01/safety").status, 404);
    SafetyStatus status;
    status.device = &device("press-01");
    status.time = clock_.now();
    status.received = clock_.now();
    status.door_closed = true;
    status.temperature_ok = true;
    publish(status);
    const auto answer = json::parse(get("/api/v1/devices/press-01/safety").body);
    EXPECT_EQ(answer["door_closed"], true);
    EXPECT_EQ(answer["is_safe"], true);
}

TEST_F(Routes, devices_are_listed_in_pages_and_only_those_of_the_key) {
    start();
    for (int i = 1; i <= 5; ++i) device("press-0" + std::to_string(i));
    device("mill-01");
    publish(reading("press-02", 20));
    std::vector<std::string> seen;
    std::string cursor;
    do {
        const auto page =
            json::parse(get("/api/v1/devices?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor),
                            "press")
                            .body);
        EXPECT_LE(page["devices"].size(), 2U);
        for (const auto& entry : page["devices"]) seen.push_back(entry["id"]);
        cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
    } while (!cursor.empty());
    EXPECT_EQ(
        seen, (std::vector<std::string>{"press-01", "press-02", "press-03", "press-04", "press-05"})
    );
    const auto all = json::parse(get("/api/v1/devices").body);
    EXPECT_EQ(all["devices"].size(), 6U);
    EXPECT_FALSE(all["devices"][1]["last_seen"].is_null());
    EXPECT_TRUE(all["devices"][0]["last_seen"].is_null());
    EXPECT_EQ(json::parse(get("/api/v1/devices/mill-01").body)["id"], "mill-01");
    const auto wrong = get("/api/v1/devices?limit=0&cursor=x");
    EXPECT_EQ(wrong.status, 422);
    const auto errors = json::parse(wrong.body)["errors"];
    EXPECT_EQ(errors[0]["field"], "limit");
    EXPECT_EQ(errors[1]["field"], "cursor");
    EXPECT_EQ(get("/api/v1/devices?limit=%2").status, 400);
}

TEST_F(Routes, health_ready_metrics_index_and_page) {
    start();
    EXPECT_EQ(json::parse(get("/health", "").body)["status"], "alive");
    EXPECT_EQ(get("/ready", "").status, 200);
    health_.set({"landing", false, "the disk is full; free some"});
    const auto unready = get("/ready", "");
    EXPECT_EQ(unready.status, 503);
    const auto parts = json::parse(unready.body)["parts"];
    EXPECT_EQ(parts[0]["part"], "landing");
    EXPECT_EQ(parts[0]["detail"], "the disk is full; free some");
    EXPECT_EQ(get("/metrics", "").body, "modax_test 1\n");  // from this machine
    EXPECT_EQ(json::parse(get("/api/v1", "").body)["version"], "1.2.3");
    const auto page = get("/", "");
    EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.body.find("http://"), std::string::npos) << "an outside asset";
}

TEST_F(Routes, accounting_is_the_identity) {
    start();
    accounting_.submitted(10);
    accounting_.committed({6, 2, 1});
    accounting_.dropped(DropReason::qos0_queue_full, 3);
    const auto figures = json::parse(get("/api/v1/accounting").body);
    EXPECT_EQ(figures["stored"], 6);
    EXPECT_EQ(figures["duplicate"], 2);
    EXPECT_EQ(figures["quarantined"], 1);
    EXPECT_EQ(figures["dropped"]["qos0_queue_full"], 3);
    EXPECT_EQ(
        figures["received"].get<int>(),
        figures["stored"].get<int>() + figures["duplicate"].get<int>() +
            figures["quarantined"].get<int>() + figures["dropped"]["qos0_queue_full"].get<int>()
    );
    EXPECT_EQ(figures["pending"], 1);
}

TEST_F(Routes, quarantine_in_pages_newest_first_and_always_utf8) {
    start();
    for (std::uint64_t id = 1; id <= 45; ++id) {
        QuarantinedMessage message;
        message.id = id;
        message.message.received = clock_.now();
        message.message.topic = "modax/sensor/data/x";
        message.message.payload = "\xFF\xC0\xAF ok \xE2\x82\xAC \xED\xA0\x80";
        message.message.reason = "not_utf8";
        readings_.add_quarantined(message);
    }
    std::vector<std::uint64_t> seen;
    std::string cursor;
    do {
        const auto answer =
            get("/api/v1/quarantine?limit=20" + (cursor.empty() ? "" : "&cursor=" + cursor));
        const auto page = json::parse(answer.body);  // throws when it is not UTF-8
        for (const auto& entry : page["messages"]) seen.push_back(entry["id"]);
        EXPECT_NE(
            page["messages"][0]["payload"].get<std::string>().find(" ok \xE2\x82\xAC"),
            std::string::npos
        );
        cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
    } while (!cursor.empty());
    ASSERT_EQ(seen.size(), 45U);
    for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], 45 - i);
}

TEST_F(Routes, a_revoked_key_ends_within_a_second_on_a_kept_connection) {
    start();
    HttpClient client{port_};
    EXPECT_EQ(client.get("/api/v1/devices", "X-API-Key: reader\r\n").status, 200);
    keys_.revoke("reader");
    clock_.advance(std::chrono::seconds{1});
    EXPECT_EQ(client.get("/api/v1/devices", "X-API-Key: reader\r\n").status, 401);
    EXPECT_EQ(client.get("/api/v1/devices", "X-API-Key: all\r\n").status, 200);
}

}  // namespace
}  // namespace modax::http
