// GET /devices/{id}/history: ranges, pages, buckets, and large answers to slow clients.
#include "http/history_request.hpp"
#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>

#include <atomic>
#include <vector>

namespace modax::http {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class History : public ServerTest {
protected:
    // One reading a second from the start of 2025-12-09, temperature 0, 1, 2, …
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            auto one = reading("press-01", i, i);
            one.time = k_day + seconds{i};
            readings_.add(one);
        }
    }
    json ask(const std::string& query) {
        const auto answer = get("/api/v1/devices/press-01/history?" + query);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json::parse(answer.body);
    }

    static constexpr const char* k_range = "start=2025-12-09&end=2025-12-10";
    const Timestamp k_day = *parse_iso8601("2025-12-09");
};

TEST_F(History, time_parameters) {
    const Timestamp expected = *parse_iso8601("2025-12-09T10:30:00Z");
    EXPECT_EQ(parse_time_parameter("2025-12-09T10:30:00Z"), expected);
    EXPECT_EQ(parse_time_parameter("2025-12-09T11:30:00+01:00"), expected);
    EXPECT_EQ(parse_time_parameter("2025-12-09T11:30:00 01:00"), expected);  // '+' not escaped
    EXPECT_EQ(parse_time_parameter("2025-12-09 10:30:00"), expected);
    EXPECT_EQ(parse_time_parameter("1765276200"), expected);
    EXPECT_EQ(parse_time_parameter("1765276200000"), expected);
    EXPECT_EQ(parse_time_parameter("1765276200.5"), expected + std::chrono::milliseconds{500});
    for (const char* wrong : {"", "yesterday", "-1", "nan", "inf", "1e300", "12x"}) {
        EXPECT_FALSE(parse_time_parameter(wrong)) << wrong;
    }
}

TEST_F(History, range_limit_and_metrics) {
    fill(10);
    start();
    const auto all = ask(k_range);
    EXPECT_EQ(all["device_id"], "press-01");
    EXPECT_EQ(all["start"], "2025-12-09T00:00:00Z");
    EXPECT_EQ(all["resolution"], "raw");
    ASSERT_EQ(all["readings"].size(), 10U);
    EXPECT_TRUE(all["next_cursor"].is_null());
    EXPECT_EQ(all["readings"][3]["temperature"], 3);
    EXPECT_TRUE(all["readings"][3]["current"].is_null());
    // The start is in, the end is not.
    const auto some =
        ask("start=2025-12-09T00:00:02Z&end=2025-12-09T00:00:05Z&metrics=temperature");
    ASSERT_EQ(some["readings"].size(), 3U);
    EXPECT_EQ(some["readings"][0]["temperature"], 2);
    EXPECT_FALSE(some["readings"][0].contains("current"));
    // Without a range: the last hour.
    auto recent = reading("press-01", 99);
    recent.time = clock_.now() - std::chrono::minutes{59};
    readings_.add(recent);
    recent.time = clock_.now() - std::chrono::minutes{61};
    readings_.add(recent);
    EXPECT_EQ(ask("")["readings"].size(), 1U);
}

TEST_F(History, pages_join_without_gap_or_double) {
    fill(25);
    start();
    for (const std::string resolution : {"raw", "10s"}) {
        std::vector<double> seen;
        std::string cursor;
        int pages = 0;
        do {
            const auto page =
                ask(std::string{k_range} + "&limit=" + (resolution == "raw" ? "10" : "1") +
                    "&resolution=" + resolution + (cursor.empty() ? "" : "&cursor=" + cursor));
            ++pages;
            if (resolution == "raw") {
                for (const auto& row : page["readings"]) seen.push_back(row["temperature"]);
            } else {
                for (const auto& row : page["buckets"]) {
                    seen.push_back(row["metrics"]["temperature"]["first"]);
                }
            }
            cursor = page["next_cursor"].is_null() ? "" : page["next_cursor"].get<std::string>();
        } while (!cursor.empty());
        EXPECT_EQ(pages, 3);
        if (resolution == "raw") {
            ASSERT_EQ(seen.size(), 25U);
            for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i);
        } else {
            EXPECT_EQ(seen, (std::vector<double>{0, 10, 20}));
        }
    }
}

TEST_F(History, buckets_count_min_max_mean_first_last) {
    fill(90);
    auto extra = reading("press-01", -5, 1000);
    extra.time = k_day + seconds{30};
    extra.metrics = {{"load", 0.25}, {"door", true}, {"tool", std::string{"T1"}}};
    readings_.add(extra);
    start();
    const auto answer = ask(std::string{k_range} + "&resolution=1m");
    ASSERT_EQ(answer["buckets"].size(), 2U);
    const auto& first = answer["buckets"][0];
    EXPECT_EQ(first["start"], "2025-12-09T00:00:00Z");
    EXPECT_EQ(first["count"], 61);
    const auto& temperature = first["metrics"]["temperature"];
    EXPECT_EQ(temperature["count"], 61);
    EXPECT_EQ(temperature["min"], -5);
    EXPECT_EQ(temperature["max"], 59);
    EXPECT_DOUBLE_EQ(temperature["mean"], (1770.0 - 5) / 61);
    EXPECT_EQ(temperature["first"], 0);
    EXPECT_EQ(temperature["last"], 59);
    EXPECT_EQ(first["metrics"]["load"]["mean"], 0.25);
    EXPECT_FALSE(first["metrics"].contains("tool"));
    EXPECT_FALSE(first["metrics"].contains("current"));
    EXPECT_EQ(answer["buckets"][1]["count"], 30);
    EXPECT_FALSE(answer["buckets"][1]["metrics"].contains("load"));
    EXPECT_EQ(ask(std::string{k_range} + "&resolution=auto")["resolution"], "5m");
    EXPECT_EQ(ask("start=0&end=60&resolution=auto")["resolution"], "1s");
}

TEST_F(History, wrong_input_names_the_field) {
    fill(1);
    start();
    const auto answer = get(
        "/api/v1/devices/press-01/history?start=x&end=y&limit=100001&metrics=a%20b&resolution=2s"
        "&cursor=z"
    );
    EXPECT_EQ(answer.status, 422);
    std::vector<std::string> fields;
    const auto problem = json::parse(answer.body);
    for (const auto& error : problem["errors"]) fields.push_back(error["field"]);
    EXPECT_EQ(
        fields,
        (std::vector<std::string>{"start", "end", "limit", "metrics", "resolution", "cursor"})
    );
    EXPECT_EQ(get("/api/v1/devices/press-01/history?start=200&end=100").status, 422);
}

TEST_F(History, a_failing_store_is_a_problem_and_says_nothing_of_the_inside) {
    fill(1);
    start();
    readings_.fail_with(Error{Errc::io_error, "/var/secret: disk on fire"});
    const auto broken = get("/api/v1/devices/press-01/history");
    EXPECT_EQ(broken.status, 500);
    EXPECT_EQ(broken.body.find("secret"), std::string::npos);
    EXPECT_FALSE(log_.lines(LogLevel::warn).empty());
    readings_.fail_with(Error{Errc::unavailable, "busy"});
    EXPECT_EQ(get("/api/v1/devices/press-01/history").status, 503);
}

TEST_F(History, too_much_waiting_work_is_503_and_other_routes_go_on) {
    fill(1);
    options_.workers = 1;
    options_.max_queued_work = 1;
    start();
    readings_.hold(true);
    std::vector<std::unique_ptr<HttpClient>> clients;
    const std::string request =
        "GET /api/v1/devices/press-01/history HTTP/1.1\r\nHost: test\r\nX-API-Key: all\r\n\r\n";
    // One runs, one waits, the others are refused.
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<HttpClient>(port_));
        clients.back()->send(request);
        EXPECT_EQ(get("/health").status, 200);
    }
    const auto refused = clients.back()->read_answer();
    EXPECT_EQ(refused.status, 503);
    EXPECT_FALSE(refused.field("Retry-After").empty());
    readings_.hold(false);
    EXPECT_EQ(clients.front()->read_answer().status, 200);
}

TEST_F(History, a_large_answer_to_a_slow_reader_stays_bounded) {
    constexpr int k_count = 100'000;
    fill(k_count);
    options_.send_buffer_bytes = 16 * 1024;
    start();
    HttpClient client{port_, 16 * 1024};
    client.send(
        "GET /api/v1/devices/press-01/history?start=2025-12-09&end=2025-12-20&limit=100000 "
        "HTTP/1.1\r\nHost: test\r\nX-API-Key: all\r\n\r\n"
    );
    client.take_through("\r\n\r\n");
    // While nothing is read, only what fits into the buffers has been asked of the store. A step
    // given out now would show before this other answer, as there is one worker's queue.
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(get("/api/v1/devices/press-01/history?start=0&end=1").status, 200);
    }
    EXPECT_LT(readings_.readings_given(), 20'000U);
    // And now all of it, in order, and the connection can be used again.
    std::string body;
    while (true) {
        const auto size = std::stoul(client.take_through("\r\n"), nullptr, 16);
        body += client.take(size);
        client.take(2);
        if (size == 0) break;
    }
    const auto answer = json::parse(body);
    ASSERT_EQ(answer["readings"].size(), static_cast<std::size_t>(k_count));
    EXPECT_EQ(answer["readings"][k_count - 1]["seq"], k_count - 1);
    EXPECT_EQ(client.get("/health").status, 200);
}

TEST_F(History, http_1_0_gets_a_large_answer_until_the_end) {
    fill(5000);
    start();
    HttpClient client{port_};
    const auto answer = client.request(
        std::string{"GET /api/v1/devices/press-01/history?limit=5000&"} + k_range +
        " HTTP/1.0\r\nX-API-Key: all\r\n\r\n"
    );
    EXPECT_EQ(json::parse(answer.body)["readings"].size(), 5000U);
}

TEST_F(History, a_failure_in_the_middle_cuts_the_connection) {
    fill(20'000);
    options_.send_buffer_bytes = 16 * 1024;
    start();
    HttpClient client{port_, 16 * 1024};
    client.send(
        "GET /api/v1/devices/press-01/history?start=2025-12-09&end=2025-12-20&limit=100000 "
        "HTTP/1.1\r\nHost: test\r\nX-API-Key: all\r\n\r\n"
    );
    client.take_through("\r\n\r\n");
    readings_.fail_with(Error{Errc::io_error, "gone"});
    EXPECT_THROW(
        while (true) {
            const auto size = std::stoul(client.take_through("\r\n"), nullptr, 16);
            client.take(size + 2);
            ASSERT_NE(size, 0U) << "half an answer looks like a whole one";
        },
        std::runtime_error
    );
}

}  // namespace
}  // namespace modax::http
