#include "core/accounting.hpp"
#include "core/flat_json.hpp"
#include "ingest/intake.hpp"
#include "support/fake_group_writer.hpp"
#include "support/manual_clock.hpp"
#include "unit/ingest/case_files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace modax::ingest {
namespace {

using nlohmann::json;

constexpr Timestamp k_arrival =
    std::chrono::sys_days{std::chrono::year{2026} / std::chrono::January / 1};

class DecoderCase : public testing::TestWithParam<std::string> {};

TEST_P(DecoderCase, IsDecodedAsExpected) {
    const auto folder = std::filesystem::path{MODAX_CASES} / "decoder" / GetParam();
    std::string topic = test::file_bytes(folder / "topic.txt");
    topic.resize(topic.find('\n'));
    const std::string payload = test::file_bytes(folder / "input.json");
    const json expected = json::parse(test::file_bytes(folder / "expected.json"));

    DeviceRegistry devices;
    IntakeOptions options;
    if (const auto found = expected.find("options"); found != expected.end()) {
        options.auto_register = found->value("auto_register", true);
        for (const auto& device : found->value("devices", json::array())) {
            ASSERT_TRUE(devices.find_or_register(device.get<std::string>(), k_arrival));
        }
    }
    const auto devices_before = devices.size();
    modax::test::FakeGroupWriter writer;
    Accounting accounting;
    const modax::test::ManualClock clock{k_arrival};
    Intake intake{options, devices, writer, accounting, clock};

    ASSERT_TRUE(intake.is_ingest_topic(topic));
    intake.accept({.topic = topic, .payload = payload, .qos = 1, .client = "case"}, std::nullopt);
    intake.flush();
    const auto submitted = writer.take();
    ASSERT_EQ(submitted.size(), 1U);
    const IngestGroup& group = submitted[0].group;
    ASSERT_EQ(group.items(), 1U);

    if (expected.contains("refused")) {
        ASSERT_EQ(group.rejected.size(), 1U) << "it was accepted";
        const RejectedMessage& rejected = group.rejected[0];
        EXPECT_EQ(rejected.reason, expected["refused"].get<std::string>()) << rejected.detail;
        EXPECT_NE(rejected.detail.find(expected["detail"].get<std::string>()), std::string::npos)
            << rejected.detail;
        EXPECT_EQ(rejected.detail.find('\n'), std::string::npos);
        EXPECT_EQ(rejected.topic, topic);
        EXPECT_EQ(rejected.payload, payload);
        EXPECT_EQ(devices.size(), devices_before) << "what is no reading registers no device";
        return;
    }
    ASSERT_TRUE(group.rejected.empty())
        << group.rejected[0].reason << ": " << group.rejected[0].detail;
    std::string shown;
    if (expected.contains("reading")) {
        ASSERT_EQ(group.readings.size(), 1U);
        append_flat_json(shown, group.readings[0]);
        EXPECT_EQ(json::parse(shown), expected["reading"]);
        EXPECT_EQ(group.readings[0].received, k_arrival);
        EXPECT_EQ(group.readings[0].sequence >= 0, expected["reading"].contains("seq"));
    } else {
        ASSERT_EQ(group.safety.size(), 1U);
        append_flat_json(shown, group.safety[0]);
        EXPECT_EQ(json::parse(shown), expected["safety"]);
        EXPECT_EQ(group.safety[0].device->last_is_safe(), expected["safety"]["is_safe"]);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Decoder,
    DecoderCase,
    testing::ValuesIn(test::cases_in("decoder")),
    [](const auto& info) { return test::test_name(info.param); }
);

}  // namespace
}  // namespace modax::ingest
