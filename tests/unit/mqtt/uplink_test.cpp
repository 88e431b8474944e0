// The uplink against a real Mosquitto; the landing store is one that commits when the test says so.
#include "mqtt/uplink.hpp"

#include "core/accounting.hpp"
#include "ingest/intake.hpp"
#include "mosquitto.hpp"
#include "mqtt/client.hpp"
#include "support/fake_group_writer.hpp"
#include "support/recording_log.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace modax::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Lane = GroupWriter::Lane;

class RecordingMetricSink final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view, double value, MetricLabels) override {
        values[std::string{name}] = value;
    }
    void gauge(std::string_view name, std::string_view, double value, MetricLabels) override {
        values[std::string{name}] = value;
    }
    std::map<std::string, double> values;
};

// A gateway as far as the uplink sees it.
struct Gateway {
    Gateway(boost::asio::io_context& io, const UplinkOptions& options, Random& random)
        : intake{{}, devices, writer, accounting, clock},
          uplink{io, options, intake, clock, random, log} {}

    // Takes what was submitted, without committing it; the sequence numbers seen.
    void look() {
        for (auto& [group, lane] : writer.take()) {
            for (const Reading& reading : group.readings) {
                ++seen;
                sequences.insert(reading.sequence);
            }
            tokens.insert(tokens.end(), group.acks.begin(), group.acks.end());
        }
    }
    // As the landing store's thread does it.
    void commit() {
        look();
        std::thread{[this] { uplink.committed(tokens); }}.join();
        tokens.clear();
    }

    SystemClock clock;
    test::RecordingLog log;
    DeviceRegistry devices;
    test::FakeGroupWriter writer;
    Accounting accounting;
    ingest::Intake intake;
    int seen = 0;
    std::set<std::int64_t> sequences;
    std::vector<AckToken> tokens;
    Uplink uplink;
};

class UplinkTest : public testing::Test {
protected:
    void SetUp() override {
        if (!test::Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
    }
    template <class Condition>
    bool run_until(const Condition& condition) {
        const auto deadline = std::chrono::steady_clock::now() + seconds{20};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            if (io_.stopped()) io_.restart();
            io_.run_one_for(milliseconds{20});
        }
        return true;
    }
    static UplinkOptions options(const test::Mosquitto& broker) {
        UplinkOptions options;
        options.host = "127.0.0.1";
        options.port = broker.port();
        options.tls = false;
        options.min_backoff = milliseconds{20};
        options.max_backoff = milliseconds{100};
        return options;
    }
    void start(Gateway& gateway) {
        ASSERT_TRUE(gateway.uplink.start());
        ASSERT_TRUE(run_until([&] { return gateway.uplink.health().ready; }))
            << gateway.uplink.health().detail;
    }
    // The broker has read everything when it has closed the connection.
    void stop(Gateway& gateway) {
        gateway.uplink.stop();
        io_.restart();
        io_.run();
    }
    // Readings with `seq` first, first + 1, …; all acknowledged by the broker.
    void publish(const test::Mosquitto& broker, int first, int count) {
        ClientOptions with;
        with.port = broker.port();
        Client client{io_, with, random_, {}};
        ASSERT_TRUE(client.start());
        for (int i = first; i < first + count; ++i) {
            ASSERT_TRUE(client.publish(
                {"modax/sensor/data/cnc-01",
                 R"({"temperature":45.5,"seq":)" + std::to_string(i) + "}",
                 1,
                 false}
            ));
        }
        ASSERT_TRUE(run_until([&] { return client.unacknowledged() == 0; }));
    }
    bool run_until_seen(Gateway& gateway, std::size_t count) {
        return run_until([&] {
            gateway.look();
            return gateway.sequences.size() >= count;
        });
    }

    boost::asio::io_context io_;
    SystemRandom random_;
};

TEST_F(UplinkTest, readings_arrive_and_stay_acknowledged) {
    const test::Mosquitto broker;
    {
        Gateway gateway{io_, options(broker), random_};
        start(gateway);
        publish(broker, 0, 200);
        ASSERT_TRUE(run_until_seen(gateway, 200));
        EXPECT_EQ(gateway.seen, 200);
        gateway.commit();
        RecordingMetricSink metrics;
        gateway.uplink.collect(metrics);
        EXPECT_EQ(metrics.values["modax_uplink_connected"], 1);
        EXPECT_EQ(metrics.values["modax_uplink_received_total"], 200);
        EXPECT_EQ(metrics.values["modax_uplink_reconnects_total"], 0);
        stop(gateway);
        EXPECT_FALSE(gateway.uplink.health().ready);
    }
    Gateway again{io_, options(broker), random_};
    start(again);
    publish(broker, 200, 1);
    ASSERT_TRUE(run_until_seen(again, 1));
    EXPECT_EQ(*again.sequences.begin(), 200) << "nothing is delivered twice";
}

TEST_F(UplinkTest, what_was_not_stored_comes_again) {
    test::Mosquitto broker;
    std::vector<AckToken> old;
    {
        Gateway gateway{io_, options(broker), random_};
        start(gateway);
        publish(broker, 0, 50);
        ASSERT_TRUE(run_until_seen(gateway, 50));
        broker.stop();
        ASSERT_TRUE(run_until([&] { return !gateway.uplink.health().ready; }));
        EXPECT_FALSE(gateway.uplink.health().detail.empty());
        broker.start();
        ASSERT_TRUE(run_until([&] { return gateway.uplink.health().ready; }));
        ASSERT_TRUE(run_until([&] {
            gateway.look();
            return gateway.seen >= 100;
        }));
        RecordingMetricSink metrics;
        gateway.uplink.collect(metrics);
        EXPECT_EQ(metrics.values["modax_uplink_reconnects_total"], 1);
        // The first 50 tokens are of the connection that broke: they acknowledge nothing now.
        ASSERT_EQ(gateway.tokens.size(), 100U);
        EXPECT_NE(gateway.tokens.front().connection, gateway.tokens.back().connection);
        gateway.tokens.resize(50);
        gateway.commit();
        stop(gateway);
    }
    Gateway again{io_, options(broker), random_};
    start(again);
    EXPECT_TRUE(run_until_seen(again, 50));
}

TEST_F(UplinkTest, a_full_store_holds_the_broker_back) {
    const test::Mosquitto broker;
    auto with = options(broker);
    with.receive_maximum = 100;
    Gateway gateway{io_, with, random_};
    start(gateway);
    gateway.writer.set_full(Lane::acknowledged, true);
    publish(broker, 0, 500);
    ASSERT_TRUE(run_until_seen(gateway, 1));
    gateway.commit();
    io_.run_for(milliseconds{50});
    gateway.commit();
    EXPECT_LT(gateway.sequences.size(), 500U);
    gateway.writer.set_full(Lane::acknowledged, false);
    EXPECT_TRUE(run_until([&] {
        gateway.commit();
        return gateway.sequences.size() == 500;
    }));
    EXPECT_EQ(gateway.seen, 500);
}

TEST_F(UplinkTest, two_gateways_share_a_group) {
    const test::Mosquitto broker;
    auto with = options(broker);
    with.share_group = "gateways";
    with.client_id = "one";
    Gateway one{io_, with, random_};
    start(one);
    with.client_id = "two";
    Gateway two{io_, with, random_};
    start(two);
    publish(broker, 0, 100);
    EXPECT_TRUE(run_until([&] {
        one.commit();
        two.commit();
        return one.seen + two.seen >= 100;
    }));
    EXPECT_EQ(one.seen + two.seen, 100);
    EXPECT_GT(one.seen, 0);
    EXPECT_GT(two.seen, 0);
}

TEST_F(UplinkTest, health_says_what_is_wrong_and_never_the_password) {
    const test::Mosquitto broker{"allow_anonymous false\n"};
    auto with = options(broker);
    with.user = "gateway";
    with.password = Secret{"hunter2"};
    Gateway gateway{io_, with, random_};
    ASSERT_TRUE(gateway.uplink.start());
    ASSERT_TRUE(run_until([&] { return !gateway.log.lines(LogLevel::warn).empty(); }));
    const Health health = gateway.uplink.health();
    EXPECT_EQ(health.part, "uplink");
    EXPECT_FALSE(health.ready);
    EXPECT_NE(health.detail.find("gateway"), std::string::npos);
    for (const auto& line : gateway.log.lines()) {
        EXPECT_EQ(line.find("hunter2"), std::string::npos);
    }
}

TEST_F(UplinkTest, an_unusable_certificate_is_told_at_the_start) {
    const test::Mosquitto broker;
    auto with = options(broker);
    with.tls = true;
    with.ca_file = "/nonexistent/ca.pem";
    Gateway gateway{io_, with, random_};
    EXPECT_FALSE(gateway.uplink.start());
    EXPECT_NE(gateway.uplink.health().detail.find("/nonexistent/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace modax::mqtt
