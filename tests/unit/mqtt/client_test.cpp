// The client against a real Mosquitto.
#include "mqtt/client.hpp"

#include "mosquitto.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace modax::mqtt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A client with what it was told.
struct Peer {
    Peer(boost::asio::io_context& io, const ClientOptions& options, Random& random)
        : client{
              io,
              options,
              random,
              {.on_connected =
                   [this](bool session_present) {
                       ++connections;
                       resumed = session_present;
                       if (!filter.empty())
                           client.subscribe({filter}, qos, [this](const Status& status) {
                               subscribed = status.has_value();
                               if (!status) errors.push_back(status.error());
                           });
                   },
               .on_disconnected = [this](const Error& error) { errors.push_back(error); },
               .on_message =
                   [this](const ReceivedMessage& message) {
                       ++received[std::string{message.payload}];
                       if (!message.duplicate) ++fresh[std::string{message.payload}];
                       tokens.push_back(message.token);
                   },
               .on_read_end = {}}} {}

    void publish(int count, std::uint8_t with_qos, const std::string& topic) {
        for (int i = 0; i < count; ++i) {
            const auto sent = client.publish(
                {topic, std::to_string(next++), with_qos, false},
                [this](const Status& outcome) { ++(outcome ? done : failed); }
            );
            ASSERT_TRUE(sent) << sent.error().detail;
        }
    }

    std::string filter;
    std::uint8_t qos = 2;
    bool subscribed = false;
    bool resumed = false;
    int connections = 0;
    int next = 0;
    int done = 0;
    int failed = 0;
    std::vector<Error> errors;
    std::map<std::string, int> received;
    std::map<std::string, int> fresh;  // without those the broker calls duplicates
    std::vector<MessageToken> tokens;
    Client client;
};

class ClientTest : public testing::Test {
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

    static ClientOptions options(std::uint16_t port, std::string client_id = {}) {
        ClientOptions options;
        options.port = port;
        options.client_id = std::move(client_id);
        options.min_backoff = milliseconds{20};
        options.max_backoff = milliseconds{100};
        return options;
    }
    // With a session that stays.
    static ClientOptions persistent(std::uint16_t port, std::string client_id) {
        ClientOptions result = options(port, std::move(client_id));
        result.clean = false;
        result.session_expiry = seconds{3600};
        return result;
    }
    void start(Peer& peer) {
        const auto started = peer.client.start();
        ASSERT_TRUE(started) << started.error().detail;
        ASSERT_TRUE(run_until([&] {
            return peer.client.connected() && (peer.filter.empty() || peer.subscribed);
        })) << (peer.errors.empty() ? "" : peer.errors.back().detail);
    }

    boost::asio::io_context io_;
    SystemRandom random_;
};

class EveryVersion : public ClientTest, public testing::WithParamInterface<ProtocolVersion> {};
INSTANTIATE_TEST_SUITE_P(
    Versions,
    EveryVersion,
    testing::Values(ProtocolVersion::v3_1_1, ProtocolVersion::v5),
    [](const auto& info) { return info.param == ProtocolVersion::v5 ? "v5" : "v3_1_1"; }
);

TEST_P(EveryVersion, every_qos_arrives_once_and_is_confirmed) {
    const test::Mosquitto broker;
    auto with = options(broker.port());
    with.version = GetParam();
    Peer subscriber{io_, with, random_};
    subscriber.filter = "test/#";
    start(subscriber);
    Peer publisher{io_, with, random_};
    start(publisher);
    for (const std::uint8_t qos : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
        publisher.publish(50, qos, "test/qos");
    }
    EXPECT_TRUE(run_until([&] { return publisher.done == 150 && subscriber.received.size() == 150; }
    ));
    EXPECT_EQ(publisher.failed, 0);
    EXPECT_EQ(publisher.client.unacknowledged(), 0U);
    for (const auto& [payload, count] : subscriber.received) EXPECT_EQ(count, 1) << payload;
}

TEST_P(EveryVersion, deferred_acknowledgements_are_redelivered_until_given) {
    const test::Mosquitto broker;
    auto with = persistent(broker.port(), "subscriber");
    with.version = GetParam();
    with.acknowledge_automatically = false;
    auto first = std::make_unique<Peer>(io_, with, random_);
    first->filter = "test/#";
    start(*first);
    Peer publisher{io_, options(broker.port()), random_};
    start(publisher);
    publisher.publish(10, 1, "test/deferred");
    ASSERT_TRUE(run_until([&] { return first->tokens.size() == 10; }));
    // Out of order: only what is confirmed without a gap may leave.
    for (const std::size_t i : {1U, 0U, 2U, 5U}) first->client.acknowledge(first->tokens[i]);
    bool closed = false;
    first->client.disconnect([&] { closed = true; });
    ASSERT_TRUE(run_until([&] { return closed; }));
    const MessageToken old = first->tokens[9];
    first.reset();

    Peer second{io_, with, random_};
    start(second);
    EXPECT_TRUE(second.resumed);
    ASSERT_TRUE(run_until([&] { return second.tokens.size() == 7; }));
    EXPECT_FALSE(second.received.contains("2"));
    EXPECT_TRUE(second.received.contains("5"));
    second.client.acknowledge({old.connection + 7, old.packet_id, old.qos});
    for (const MessageToken& token : second.tokens) second.client.acknowledge(token);
    second.client.disconnect([&] { closed = true; });
    closed = false;
    ASSERT_TRUE(run_until([&] { return closed; }));

    Peer third{io_, with, random_};
    start(third);
    publisher.publish(1, 1, "test/deferred");
    ASSERT_TRUE(run_until([&] { return !third.tokens.empty(); }));
    EXPECT_EQ(third.received.begin()->first, "10");
}

TEST_P(EveryVersion, broker_restarted_under_load_loses_nothing) {
    test::Mosquitto broker;
    auto with = persistent(broker.port(), "subscriber");
    with.version = GetParam();
    Peer subscriber{io_, with, random_};
    subscriber.filter = "test/#";
    start(subscriber);
    with.client_id = "publisher";
    with.max_inflight = 10;
    Peer publisher{io_, with, random_};
    start(publisher);
    publisher.publish(500, 2, "test/restart");
    ASSERT_TRUE(run_until([&] { return publisher.done >= 50; }));
    broker.stop();
    ASSERT_TRUE(run_until([&] { return !publisher.errors.empty() && !subscriber.errors.empty(); }));
    publisher.publish(100, 2, "test/restart");
    broker.start();
    EXPECT_TRUE(run_until([&] { return publisher.done == 600 && subscriber.received.size() == 600; }
    )) << publisher.done
       << " confirmed, " << subscriber.received.size() << " received";
    EXPECT_TRUE(publisher.resumed);
    EXPECT_EQ(publisher.connections, 2);
    EXPECT_EQ(publisher.failed, 0);
    // Mosquitto 2.0.11 forgets over a restart which messages it had released to a subscriber, and
    // delivers those once more as duplicates. A second copy from our publisher would be fresh.
    for (const auto& [payload, count] : subscriber.fresh) EXPECT_EQ(count, 1) << payload;
}

TEST_F(ClientTest, broker_killed_forgets_the_session_and_gets_the_rest_anew) {
    test::Mosquitto broker;
    auto with = persistent(broker.port(), "publisher");
    with.max_inflight = 5;
    Peer publisher{io_, with, random_};
    start(publisher);
    publisher.publish(300, 1, "test/kill");
    ASSERT_TRUE(run_until([&] { return publisher.done >= 20; }));
    broker.kill();
    const int before = publisher.done;
    broker.start();
    Peer subscriber{io_, options(broker.port()), random_};
    subscriber.filter = "test/#";
    start(subscriber);
    EXPECT_TRUE(run_until([&] { return publisher.done == 300; }));
    EXPECT_FALSE(publisher.resumed);
    EXPECT_GE(before, 20);
}

TEST_F(ClientTest, pausing_holds_messages_back) {
    const test::Mosquitto broker;
    Peer subscriber{io_, options(broker.port()), random_};
    subscriber.filter = "test/#";
    start(subscriber);
    subscriber.client.pause_reading();
    Peer publisher{io_, options(broker.port()), random_};
    start(publisher);
    publisher.publish(100, 1, "test/pause");
    ASSERT_TRUE(run_until([&] { return publisher.done == 100; }));
    EXPECT_TRUE(subscriber.received.empty());
    subscriber.client.resume_reading();
    EXPECT_TRUE(run_until([&] { return subscriber.received.size() == 100; }));
}

TEST_F(ClientTest, keeps_a_silent_connection_alive) {
    const test::Mosquitto broker;
    auto with = options(broker.port());
    with.keep_alive = seconds{1};
    Peer peer{io_, with, random_};
    start(peer);
    // Mosquitto drops a client that is silent for one and a half times its keep-alive.
    const auto end = std::chrono::steady_clock::now() + milliseconds{2500};
    ASSERT_TRUE(run_until([&] { return std::chrono::steady_clock::now() > end; }));
    EXPECT_TRUE(peer.client.connected());
    EXPECT_EQ(peer.connections, 1);
}

TEST_F(ClientTest, the_will_is_sent_for_the_lost_and_not_for_the_polite) {
    const test::Mosquitto broker;
    Peer subscriber{io_, options(broker.port()), random_};
    subscriber.filter = "test/will";
    start(subscriber);
    auto with = options(broker.port());
    with.will = Publication{"test/will", "polite", 1, false};
    Peer polite{io_, with, random_};
    start(polite);
    bool closed = false;
    polite.client.disconnect([&] { closed = true; });
    ASSERT_TRUE(run_until([&] { return closed; }));
    with.will->payload = "lost";
    auto lost = std::make_unique<Peer>(io_, with, random_);
    start(*lost);
    lost.reset();
    ASSERT_TRUE(run_until([&] { return !subscriber.received.empty(); }));
    EXPECT_EQ(subscriber.received.begin()->first, "lost");
    EXPECT_EQ(subscriber.received.size(), 1U);
}

TEST_F(ClientTest, refusals_say_what_to_do) {
    const test::Mosquitto broker{"allow_anonymous false\n"};
    auto with = options(broker.port());
    with.user = "machine";
    with.password = Secret{"not the password"};
    Peer peer{io_, with, random_};
    ASSERT_TRUE(peer.client.start());
    ASSERT_TRUE(run_until([&] { return peer.errors.size() >= 2; })) << "it tries again";
    EXPECT_TRUE(
        peer.errors[0].code == Errc::unauthenticated ||
        peer.errors[0].code == Errc::permission_denied
    );
    EXPECT_NE(peer.errors[0].detail.find("machine"), std::string::npos) << peer.errors[0].detail;
    EXPECT_EQ(peer.errors[0].detail.find("not the password"), std::string::npos);
    EXPECT_EQ(peer.connections, 0);
}

TEST_F(ClientTest, wrong_calls_are_refused) {
    Peer peer{io_, options(1), random_};
    EXPECT_FALSE(peer.client.publish({"a/+/b", "x", 1, false}));
    EXPECT_FALSE(peer.client.publish({"", "x", 1, false}));
    EXPECT_FALSE(peer.client.publish({"a", "x", 3, false}));
    auto small = options(1);
    small.max_queued = 1;
    Peer full{io_, small, random_};
    EXPECT_TRUE(full.client.publish({"a", "x", 1, false}));
    const auto refused = full.client.publish({"a", "x", 1, false});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
    bool told = false;
    peer.client.subscribe({"a"}, 1, [&](const Status& status) { told = !status; });
    EXPECT_TRUE(told);
}

class ClientTlsTest : public ClientTest {
protected:
    void SetUp() override {
        ClientTest::SetUp();
        if (!test::TestCertificates::possible()) GTEST_SKIP() << "openssl is not installed";
    }
    // The first failure to connect; empty: connected.
    std::string connect(const std::string& host, std::uint16_t port, const ClientTls& tls) {
        auto with = options(port);
        with.host = host;
        with.tls = tls;
        Peer peer{io_, with, random_};
        EXPECT_TRUE(peer.client.start());
        EXPECT_TRUE(run_until([&] { return peer.client.connected() || !peer.errors.empty(); }));
        return peer.errors.empty() ? "" : peer.errors.front().detail;
    }
};

TEST_F(ClientTlsTest, trusts_its_ca_and_nobody_else) {
    const test::TestCertificates certificates;
    const test::TestCertificates others;
    const test::Mosquitto broker{certificates.mosquitto_settings()};
    EXPECT_EQ(connect("localhost", broker.port(), {certificates.ca(), {}, {}}), "");
    EXPECT_EQ(connect("127.0.0.1", broker.port(), {certificates.ca(), {}, {}}), "");
    EXPECT_NE(
        connect("localhost", broker.port(), {others.ca(), {}, {}}).find("not trusted"),
        std::string::npos
    );
    EXPECT_NE(connect("localhost", broker.port(), {}).find("not trusted"), std::string::npos);
}

TEST_F(ClientTlsTest, the_name_must_fit) {
    const test::TestCertificates certificates{"broker.example"};
    const test::Mosquitto broker{certificates.mosquitto_settings()};
    const auto problem = connect("localhost", broker.port(), {certificates.ca(), {}, {}});
    EXPECT_NE(problem.find("ostname mismatch"), std::string::npos) << problem;
}

TEST_F(ClientTlsTest, shows_its_certificate) {
    const test::TestCertificates certificates;
    const test::Mosquitto broker{certificates.mosquitto_settings() + "require_certificate true\n"};
    const ClientTls with{certificates.ca(), certificates.certificate(), certificates.key()};
    EXPECT_EQ(connect("localhost", broker.port(), with), "");
    EXPECT_NE(connect("localhost", broker.port(), {certificates.ca(), {}, {}}), "");
}

TEST_F(ClientTlsTest, unusable_files_are_named) {
    auto with = options(1);
    with.tls = ClientTls{"/nonexistent/ca.pem", {}, {}};
    Peer peer{io_, with, random_};
    const auto started = peer.client.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().detail.find("/nonexistent/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace modax::mqtt
