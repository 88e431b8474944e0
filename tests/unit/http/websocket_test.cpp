// WebSocket: who may, order, filters, replay, gaps, slow clients and closing (PROMISES P6).
#include "unit/http/server_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <thread>
#include <vector>

namespace modax::http {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class WebSocket : public ServerTest {
protected:
    static std::string key(const std::string& name) { return "X-API-Key: " + name + "\r\n"; }
    void publish_numbered(std::string_view id, int from, int to) {
        for (int i = from; i <= to; ++i) publish(reading(id, i, i));
    }
    SafetyStatus safety(std::string_view id) {
        SafetyStatus status;
        status.device = &device(id);
        status.time = status.received = clock_.now();
        return status;
    }
    // The figure of that name, summed up over labels.
    double figure(std::string_view name) {
        struct Sink final : MetricSink {
            std::string_view wanted;
            double total = 0;
            void counter(std::string_view name, std::string_view, double value, MetricLabels)
                override {
                if (name == wanted) total += value;
            }
            void gauge(std::string_view name, std::string_view, double value, MetricLabels)
                override {
                if (name == wanted) total += value;
            }
        } sink;
        sink.wanted = name;
        server_->collect(sink);
        return sink.total;
    }
};

TEST_F(WebSocket, handshake_is_rfc_6455) {
    start();
    WebSocketClient client{port_, "/ws", key("all")};
    EXPECT_EQ(client.answer().status, 101);
    EXPECT_EQ(client.answer().field("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    HttpClient plain{port_};
    EXPECT_EQ(plain.get("/ws", key("all")).status, 426);
    EXPECT_EQ(
        plain
            .get(
                "/ws",
                key("all") + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 8\r\n"
            )
            .status,
        426
    );
    EXPECT_EQ(
        plain
            .get(
                "/ws",
                key("all") + "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n"
            )
            .status,
        400
    );
    EXPECT_EQ(plain.get("/ws?kinds=tea&since=x", key("all")).status, 426);
    EXPECT_EQ((WebSocketClient{port_, "/ws?kinds=tea&since=x", key("all")}.answer().status), 422);
    EXPECT_EQ((WebSocketClient{port_, "/ws"}.answer().status), 401);
    EXPECT_EQ((WebSocketClient{port_, "/ws", key("other")}.answer().status), 403);
}

TEST_F(WebSocket, origins_are_matched_exactly) {
    options_.allowed_origins = {"https://plant.example.com"};
    start();
    const auto status = [this](const std::string& origin) {
        return WebSocketClient{port_, "/ws", key("all") + "Origin: " + origin + "\r\n"}
            .answer()
            .status;
    };
    EXPECT_EQ(status("https://plant.example.com"), 101);
    EXPECT_EQ(status("http://test"), 101);  // our own page
    EXPECT_EQ(status("https://plant.example.com.evil"), 403);
    EXPECT_EQ(status("http://plant.example.com"), 403);
    EXPECT_EQ(status("null"), 403);
}

TEST_F(WebSocket, events_come_in_order_with_their_sequence) {
    start();
    WebSocketClient client{port_, "/ws", key("all")};
    publish_numbered("press-01", 1, 500);
    for (int i = 1; i <= 500; ++i) {
        const auto event = json::parse(client.read_text());
        ASSERT_EQ(event["seq"], i);
        EXPECT_EQ(event["type"], "reading");
        EXPECT_EQ(event["device_id"], "press-01");
        EXPECT_EQ(event["data"]["temperature"], i);
    }
    publish(safety("press-01"));
    const auto event = json::parse(client.read_text());
    EXPECT_EQ(event["type"], "safety");
    EXPECT_EQ(event["data"]["emergency_stop"], false);
}

TEST_F(WebSocket, filters_by_device_kind_metric_and_key) {
    start();
    device("mill-01");
    WebSocketClient one{port_, "/ws/device/mill-01", key("all")};
    WebSocketClient listed{port_, "/ws?devices=MILL-01,lathe-01&kinds=reading", key("all")};
    WebSocketClient metrics{port_, "/ws?metrics=load,temperature", key("all")};
    WebSocketClient press{port_, "/ws", key("press")};
    WebSocketClient only_safety{port_, "/ws?kinds=safety", key("all")};
    publish(reading("press-01", 1));  // 1
    auto with_load = reading("mill-01", 2);
    with_load.metrics = {{"load", 0.5}, {"tool", std::string{"T1"}}};
    publish(with_load);               // 2
    publish(safety("mill-01"));       // 3
    publish(reading("lathe-01", 4));  // 4
    publish(reading("press-02", 5));  // 5
    const auto next = [](WebSocketClient& client) { return json::parse(client.read_text()); };
    EXPECT_EQ(next(one)["seq"], 2);
    EXPECT_EQ(next(one)["seq"], 3);
    EXPECT_EQ(next(listed)["seq"], 2);
    EXPECT_EQ(next(listed)["seq"], 4);
    EXPECT_EQ(next(press)["seq"], 1);
    EXPECT_EQ(next(press)["seq"], 5);
    EXPECT_EQ(next(only_safety)["seq"], 3);
    EXPECT_TRUE(next(metrics)["data"]["load"].is_null());
    const auto data = next(metrics)["data"];
    EXPECT_EQ(data["load"], 0.5);
    EXPECT_EQ(data["temperature"], 2);
    EXPECT_FALSE(data.contains("tool"));
    EXPECT_FALSE(data.contains("current"));
}

TEST_F(WebSocket, notices_come_to_whoever_may_and_asked_for_them) {
    start();
    WebSocketClient asked{port_, "/ws?kinds=security", key("all")};
    WebSocketClient both{port_, "/ws?kinds=reading,security", key("all")};
    WebSocketClient other{port_, "/ws", key("all")};
    HttpClient plain{port_};
    const auto upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (const std::string who : {"reader", "press-star"}) {
        EXPECT_EQ(plain.get("/ws?kinds=security", key(who) + upgrade).status, 403) << who;
    }
    device("press-01");
    EXPECT_EQ(plain.get("/ws/device/press-01?kinds=security", key("all") + upgrade).status, 403);
    server_->notify("security", R"({"rule":"idle"})");
    const std::string notice = R"({"type":"security","data":{"rule":"idle"}})";
    EXPECT_EQ(asked.read_text(), notice);
    EXPECT_EQ(both.read_text(), notice);
    publish(reading("press-01", 1));
    EXPECT_THAT(both.read_text(), HasSubstr("\"type\":\"reading\""));
    EXPECT_THAT(other.read_text(), HasSubstr("\"type\":\"reading\"")) << "no notice";
}

TEST_F(WebSocket, since_replays_and_goes_on_live_without_gap_or_double) {
    options_.websocket.replay_step = 7;
    options_.threads = 2;
    start();
    publish_numbered("press-01", 1, 100);
    std::jthread publisher{[this] { publish_numbered("press-01", 101, 2000); }};
    std::vector<std::unique_ptr<WebSocketClient>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<WebSocketClient>(port_, "/ws?since=10", key("all")));
    }
    for (const auto& client : clients) {
        for (int i = 11; i <= 2000; ++i) {
            ASSERT_EQ(json::parse(client->read_text())["seq"], i);
        }
    }
}

TEST_F(WebSocket, since_too_old_tells_the_gap_and_since_in_the_future_is_live) {
    start();
    publish_numbered("press-01", 1, 100);
    readings_.forget_through(60);
    WebSocketClient old{port_, "/ws?since=10", key("all")};
    EXPECT_EQ(old.read_text(), R"({"gap":{"from":11,"to":60}})");
    for (int i = 61; i <= 100; ++i) ASSERT_EQ(json::parse(old.read_text())["seq"], i);
    WebSocketClient future{port_, "/ws?since=5000", key("all")};
    // The next ping's answer shows that the replay has been decided on.
    ASSERT_TRUE(eventually([&] { return figure("modax_http_queued_work") == 0; }));
    EXPECT_TRUE(eventually([&] {
        publish(reading("press-01", 1));
        return future.http().has_input(20);
    }));
    EXPECT_GT(json::parse(future.read_text())["seq"], 100);
}

TEST_F(WebSocket, a_slow_client_gets_the_latest_and_is_told_the_gap) {
    options_.send_buffer_bytes = 4096;
    options_.websocket.soft_limit_bytes = 8192;
    options_.websocket.hard_limit_bytes = 64 * 1024 * 1024;
    start();
    WebSocketClient slow{port_, "/ws", key("all"), 4096};
    WebSocketClient good{port_, "/ws", key("reader")};
    int last = 0;
    // As long as it takes for the client's buffers to be full; the good one reads along.
    while (figure("modax_websocket_conflated_total") < 100) {
        publish_numbered("press-01", last + 1, last + 5);
        publish_numbered("mill-01", last + 6, last + 10);
        last += 10;
        for (int i = last - 9; i <= last; ++i) {
            ASSERT_EQ(json::parse(good.read_text())["seq"], i);
        }
        ASSERT_LT(last, 100'000);
    }
    publish(reading("press-01", 4711));
    ++last;
    std::uint64_t expected = 1;
    std::uint64_t gap_from = 0;
    std::uint64_t gap_to = 0;
    for (std::uint64_t seen = 0; seen < static_cast<std::uint64_t>(last);) {
        const auto event = json::parse(slow.read_text());
        if (event.contains("gap")) {
            EXPECT_LE(gap_to, event["gap"]["from"].get<std::uint64_t>());
            gap_from = event["gap"]["from"];
            gap_to = event["gap"]["to"];
            continue;
        }
        seen = event["seq"];
        ASSERT_GE(seen, expected);
        // What was left out lies in the gap that was told.
        for (; expected < seen; ++expected) {
            ASSERT_GE(expected, gap_from);
            ASSERT_LE(expected, gap_to);
        }
        ++expected;
    }
    EXPECT_GT(gap_to, 0U);
}

TEST_F(WebSocket, a_client_that_takes_nothing_is_closed_with_4008) {
    options_.send_buffer_bytes = 4096;
    options_.websocket.soft_limit_bytes = 8192;
    options_.websocket.hard_limit_bytes = 65536;
    start();
    WebSocketClient stuck{port_, "/ws", key("all"), 4096};
    int last = 0;
    while (figure("modax_websocket_closed_slow_total") < 1) {
        publish_numbered("press-01", last + 1, last + 100);
        last += 100;
        ASSERT_LT(last, 1'000'000);
    }
    EXPECT_EQ(stuck.read_close(), 4008U);
    EXPECT_TRUE(stuck.http().ended());
    clock_.advance(std::chrono::seconds{6});  // whether the client closes its side or not
    EXPECT_TRUE(eventually([&] { return figure("modax_websocket_clients") == 0; }));
}

TEST_F(WebSocket, tickets_open_one_connection_within_thirty_seconds) {
    start();
    const auto ticket = [this] {
        HttpClient client{port_};
        const auto answer = client.request(
            "POST /api/v1/ws-tickets HTTP/1.1\r\nHost: test\r\nX-API-Key: press\r\n\r\n"
        );
        EXPECT_EQ(answer.status, 201);
        return json::parse(answer.body)["ticket"].get<std::string>();
    };
    const auto first = ticket();
    WebSocketClient client{port_, "/ws?ticket=" + first};
    EXPECT_EQ(client.answer().status, 101);
    EXPECT_EQ((WebSocketClient{port_, "/ws?ticket=" + first}.answer().status), 401);
    const auto late = ticket();
    clock_.advance(std::chrono::seconds{31});
    EXPECT_EQ((WebSocketClient{port_, "/ws?ticket=" + late}.answer().status), 401);
    // It stands for the key it was got with.
    publish(reading("mill-01", 1));
    publish(reading("press-01", 2));
    EXPECT_EQ(json::parse(client.read_text())["device_id"], "press-01");
    EXPECT_EQ(get("/api/v1/devices?ticket=" + ticket(), "").status, 401);
}

TEST_F(WebSocket, a_key_that_is_no_longer_valid_ends_it_with_4001) {
    start();
    WebSocketClient client{port_, "/ws", key("reader")};
    keys_.revoke("reader");
    clock_.advance(std::chrono::seconds{61});
    EXPECT_EQ(client.read_close(), 4001U);
}

TEST_F(WebSocket, pings_are_answered_and_sent_and_silence_ends_it) {
    start();
    WebSocketClient client{port_, "/ws", key("all")};
    client.send(9, "hello");
    const auto pong = client.read();
    EXPECT_EQ(pong.opcode, 10U);
    EXPECT_EQ(pong.payload, "hello");
    clock_.advance(std::chrono::seconds{31});
    EXPECT_EQ(client.read().opcode, 9U);
    clock_.advance(std::chrono::seconds{76});
    EXPECT_TRUE(client.http().ended());
}

TEST_F(WebSocket, what_a_client_sends_is_limited) {
    start();
    {
        WebSocketClient client{port_, "/ws", key("all")};
        client.send(1, std::string(64 * 1024 + 1, 'x'));
        EXPECT_EQ(client.read_close(), 1009U);
    }
    {
        WebSocketClient client{port_, "/ws", key("all")};
        client.send(1, std::string(40 * 1024, 'x'), false);
        client.send(0, std::string(40 * 1024, 'x'));
        EXPECT_EQ(client.read_close(), 1009U);
    }
    {
        WebSocketClient client{port_, "/ws", key("all")};
        for (int i = 0; i < 9; ++i) client.send(1, "{}");
        EXPECT_EQ(client.read_close(), 1008U);
    }
    {
        WebSocketClient client{port_, "/ws", key("all")};
        client.http().send("\x81\x02{}");  // not masked
        EXPECT_EQ(client.read_close(), 1002U);
    }
    {
        WebSocketClient client{port_, "/ws", key("all")};
        client.send(3, "");
        EXPECT_EQ(client.read_close(), 1002U);
    }
    {
        WebSocketClient client{port_, "/ws", key("all")};
        client.send(0, "continues nothing");
        EXPECT_EQ(client.read_close(), 1002U);
    }
    WebSocketClient client{port_, "/ws", key("all")};
    client.send(8, "\x03\xE8");
    EXPECT_EQ(client.read_close(), 1000U);
    EXPECT_TRUE(client.http().ended());
}

TEST_F(WebSocket, clients_are_limited) {
    options_.websocket.max_clients = 1;
    start();
    {
        WebSocketClient first{port_, "/ws", key("all")};
        EXPECT_EQ(first.answer().status, 101);
        EXPECT_EQ((WebSocketClient{port_, "/ws", key("all")}.answer().status), 503);
    }
    EXPECT_TRUE(eventually([&] {
        return WebSocketClient{port_, "/ws", key("all")}.answer().status == 101;
    }));
}

TEST_F(WebSocket, stop_says_1001) {
    start();
    WebSocketClient client{port_, "/ws", key("all")};
    std::jthread stopper{[this] { server_->stop(); }};
    EXPECT_EQ(client.read_close(), 1001U);
}

TEST_F(WebSocket, many_clients_on_two_threads_while_readings_are_published) {
    options_.threads = 2;
    start();
    constexpr int k_clients = 20;
    constexpr int k_readings = 2000;
    std::vector<std::unique_ptr<WebSocketClient>> clients;
    for (int i = 0; i < k_clients; ++i) {
        clients.push_back(std::make_unique<WebSocketClient>(port_, "/ws", key("all")));
    }
    std::jthread publisher{[this] { publish_numbered("press-01", 1, k_readings); }};
    std::jthread reader{[this] {
        HttpClient client{port_};
        for (int i = 0; i < 500; ++i) {
            client.get("/api/v1/devices/press-01/data", "X-API-Key: all\r\n");
        }
    }};
    for (const auto& client : clients) {
        for (int i = 1; i <= k_readings; ++i) {
            ASSERT_EQ(json::parse(client->read_text())["seq"], i);
        }
    }
}

}  // namespace
}  // namespace modax::http
