#include "ingest/intake.hpp"

#include "support/fake_group_writer.hpp"
#include "support/manual_clock.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace modax::ingest {
namespace {

using Lane = GroupWriter::Lane;

constexpr std::string_view k_topic = "modax/sensor/data/cnc-01";
constexpr std::string_view k_payload = R"({"temperature":45.2})";

class RecordingAckSink final : public AckSink {
public:
    void committed(std::span<const AckToken> tokens) noexcept override {
        for (const AckToken& token : tokens) packet_ids.push_back(token.packet_id);
    }
    std::vector<int> packet_ids;
};

class RecordingMetricSink final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view, double value, MetricLabels labels)
        override {
        std::string key{name};
        for (const auto& [label, text] : labels) key += " " + std::string{text};
        values[key] = value;
    }
    void gauge(std::string_view, std::string_view, double, MetricLabels) override {}
    std::map<std::string, double> values;
};

class IntakeTest : public testing::Test {
protected:
    AckToken token(int packet_id) {
        return {
            .sink = &acks_,
            .connection = 1,
            .packet_id = static_cast<std::uint16_t>(packet_id),
            .qos = 1};
    }
    void publish(std::string_view payload, int qos, std::string_view topic = k_topic) {
        const IncomingMessage message{
            .topic = topic,
            .payload = payload,
            .qos = static_cast<std::uint8_t>(qos),
            .client = "test"};
        if (qos == 0) {
            intake_.accept(message, std::nullopt);
        } else {
            intake_.accept(message, token(++packet_id_));
        }
    }
    Accounting::Figures figures() const { return accounting_.figures(); }

    DeviceRegistry devices_;
    test::FakeGroupWriter writer_;
    Accounting accounting_;
    test::ManualClock clock_;
    RecordingAckSink acks_;
    Intake intake_{IntakeOptions{}, devices_, writer_, accounting_, clock_};
    int packet_id_ = 0;
};

TEST_F(IntakeTest, KnowsItsTopics) {
    for (const auto* topic :
         {"modax/sensor/data",
          "modax/sensor/data/cnc-01",
          "modax/sensor/safety",
          "modax/sensor/safety/cnc-01",
          "modax/sensor/data/",
          "modax/sensor/data/a/b"}) {
        EXPECT_TRUE(intake_.is_ingest_topic(topic)) << topic;
    }
    for (const auto* topic :
         {"",
          "modax",
          "modax/sensor",
          "modax/sensor/database",
          "modax/sensor/dat",
          "modax/sensor/safety2/x",
          "other/sensor/data",
          "/modax/sensor/data",
          "modax/system/status",
          "Modax/sensor/data"}) {
        EXPECT_FALSE(intake_.is_ingest_topic(topic)) << topic;
    }
}

TEST_F(IntakeTest, PrefixIsConfigurable) {
    Intake intake{
        IntakeOptions{.topic_prefix = "plant/one"}, devices_, writer_, accounting_, clock_};
    EXPECT_TRUE(intake.is_ingest_topic("plant/one/sensor/data/x"));
    EXPECT_FALSE(intake.is_ingest_topic("modax/sensor/data/x"));
}

TEST_F(IntakeTest, GathersUntilFlush) {
    publish(k_payload, 1);
    publish(k_payload, 0);
    publish("not json", 1);
    EXPECT_EQ(intake_.open_items(), 3U);
    EXPECT_EQ(writer_.waiting(), 0U);
    EXPECT_EQ(figures().pending, 0U);

    intake_.flush();
    EXPECT_EQ(intake_.open_items(), 0U);
    EXPECT_TRUE(intake_.empty());
    const auto submitted = writer_.take();
    ASSERT_EQ(submitted.size(), 2U);
    EXPECT_EQ(submitted[0].lane, Lane::acknowledged);
    EXPECT_EQ(submitted[0].group.readings.size(), 1U);
    EXPECT_EQ(submitted[0].group.rejected.size(), 1U);
    EXPECT_EQ(submitted[0].group.acks.size(), 2U);
    EXPECT_EQ(submitted[1].lane, Lane::fire_and_forget);
    EXPECT_EQ(submitted[1].group.readings.size(), 1U);
    EXPECT_TRUE(submitted[1].group.acks.empty());

    intake_.flush();
    EXPECT_EQ(writer_.waiting(), 0U) << "nothing is open, so nothing is submitted";
}

TEST_F(IntakeTest, TokensComeBackInOrderOfArrival) {
    publish(k_payload, 1);
    publish("not json", 1);
    intake_.add(token(100));
    publish(k_payload, 2);
    intake_.flush();
    EXPECT_TRUE(acks_.packet_ids.empty());
    writer_.commit_all(&accounting_);
    EXPECT_EQ(acks_.packet_ids, (std::vector<int>{1, 2, 100, 3}));
}

TEST_F(IntakeTest, BrokerChangesGoWithTheAcknowledgedLane) {
    intake_.add(BrokerChange{SessionRemoved{.client_id = "a"}});
    intake_.add(BrokerChange{InboundHeld{.client_id = "a", .packet_id = 7}});
    EXPECT_FALSE(intake_.empty());
    EXPECT_EQ(intake_.open_items(), 0U) << "they are no messages of the accounting";
    intake_.flush();
    const auto submitted = writer_.take();
    ASSERT_EQ(submitted.size(), 1U);
    EXPECT_EQ(submitted[0].lane, Lane::acknowledged);
    ASSERT_EQ(submitted[0].group.broker_changes.size(), 2U);
    EXPECT_EQ(std::get<InboundHeld>(submitted[0].group.broker_changes[1]).packet_id, 7);
    EXPECT_EQ(figures().pending, 0U);
}

TEST_F(IntakeTest, AccountingIsExactAtEachStep) {
    for (int i = 0; i < 5; ++i) publish(k_payload, 1);
    publish("[]", 1);
    publish(k_payload, 0);
    publish("{}", 0);
    intake_.flush();
    EXPECT_EQ(figures().pending, 8U);
    EXPECT_EQ(figures().received, 0U);

    writer_.commit_all(&accounting_);
    EXPECT_EQ(figures().pending, 0U);
    EXPECT_EQ(figures().received, 8U);
    EXPECT_EQ(figures().stored, 6U);
    EXPECT_EQ(figures().quarantined, 2U);
}

TEST_F(IntakeTest, RefusedQos0GroupIsDroppedAndCounted) {
    writer_.set_full(Lane::fire_and_forget, true);
    publish(k_payload, 0);
    publish("[]", 0);
    publish(k_payload, 1);
    EXPECT_TRUE(intake_.full(Lane::fire_and_forget));
    EXPECT_FALSE(intake_.full(Lane::acknowledged));
    intake_.flush();
    EXPECT_TRUE(intake_.empty());
    EXPECT_EQ(figures().dropped[0], 2U);
    EXPECT_EQ(figures().received, 2U);
    EXPECT_EQ(figures().pending, 1U);

    writer_.set_full(Lane::fire_and_forget, false);
    publish(k_payload, 0);
    intake_.flush();
    writer_.commit_all(&accounting_);
    const auto after = figures();
    EXPECT_EQ(after.pending, 0U);
    EXPECT_EQ(
        after.received, after.stored + after.duplicates + after.quarantined + after.dropped[0]
    );
    EXPECT_EQ(after.stored, 2U);
}

TEST_F(IntakeTest, FullAcknowledgedLaneStillTakesWhatWasRead) {
    writer_.set_full(Lane::acknowledged, true);
    publish(k_payload, 1);
    EXPECT_TRUE(intake_.full(Lane::acknowledged));
    intake_.flush();
    EXPECT_EQ(writer_.waiting(), 1U);
    EXPECT_EQ(figures().dropped[0], 0U);
}

TEST_F(IntakeTest, RejectedMessageIsKeptAsItCame) {
    publish("{\"temperature\":\"hot\"}", 1, "modax/sensor/data/press-01");
    intake_.flush();
    const auto submitted = writer_.take();
    const RejectedMessage& rejected = submitted.at(0).group.rejected.at(0);
    EXPECT_EQ(rejected.received, clock_.now());
    EXPECT_EQ(rejected.topic, "modax/sensor/data/press-01");
    EXPECT_EQ(rejected.payload, "{\"temperature\":\"hot\"}");
    EXPECT_EQ(rejected.payload_size, rejected.payload.size());
    EXPECT_EQ(rejected.reason, "wrong_type");
    EXPECT_EQ(rejected.client, "test");
    EXPECT_EQ(devices_.size(), 0U);
}

TEST_F(IntakeTest, TooLargePayloadIsCutInTheQuarantine) {
    publish(std::string(200'000, 'x'), 1);
    intake_.flush();
    const auto submitted = writer_.take();
    const RejectedMessage& rejected = submitted.at(0).group.rejected.at(0);
    EXPECT_EQ(rejected.reason, "too_large");
    EXPECT_EQ(rejected.payload.size(), 64U * 1024U);
    EXPECT_EQ(rejected.payload_size, 200'000U);
}

TEST_F(IntakeTest, MessageOnAnotherTopicIsQuarantined) {
    publish(k_payload, 1, "somewhere/else");
    intake_.flush();
    EXPECT_EQ(writer_.take().at(0).group.rejected.at(0).reason, "bad_topic");
}

TEST_F(IntakeTest, CountsRefusalsByReason) {
    publish("[]", 1);
    publish("[]", 0);
    publish("{}", 1);
    RecordingMetricSink metrics;
    intake_.collect(metrics);
    EXPECT_EQ(
        metrics.values,
        (std::map<std::string, double>{
            {"modax_ingest_rejected_total not_an_object", 2},
            {"modax_ingest_rejected_total no_values", 1}})
    );
}

}  // namespace
}  // namespace modax::ingest
