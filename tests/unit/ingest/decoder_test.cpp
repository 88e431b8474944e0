#include "ingest/decoder.hpp"

#include "ingest/payload_hash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace modax::ingest {
namespace {

constexpr Timestamp k_arrival =
    std::chrono::sys_days{std::chrono::year{2026} / std::chrono::January / 1};

class DecoderTest : public testing::Test {
protected:
    Decoded<Reading> reading(std::string_view payload) {
        return decoder_.decode_reading("cnc-01", payload, k_arrival);
    }
    // The name of the reason, or "accepted".
    std::string_view fate(std::string_view payload) {
        const auto decoded = reading(payload);
        return decoded ? "accepted" : reason_name(decoded.error().reason);
    }
    std::string_view safety_fate(std::string_view payload) {
        const auto decoded = decoder_.decode_safety("cnc-01", payload, k_arrival);
        return decoded ? "accepted" : reason_name(decoded.error().reason);
    }

    DeviceRegistry devices_;
    Decoder decoder_{DecoderOptions{}, devices_};
};

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

constexpr std::string_view k_safe =
    R"("emergency_stop":false,"door_closed":true,"overload_detected":false,"temperature_ok":true)";

std::string safety_with(const std::string& more) {
    return "{" + std::string{k_safe} + ",\"more\":" + more + "}";
}

TEST_F(DecoderTest, PayloadOfTheLargestSizeIsTaken) {
    const std::string start = R"({"temperature":1,)";
    const std::string padding(64 * 1024 - start.size() - std::string{"\"a\":1}"}.size(), ' ');
    EXPECT_EQ(fate(start + padding + "\"a\":1}"), "accepted");
    EXPECT_EQ(fate(start + padding + " \"a\":1}"), "too_large");
}

TEST_F(DecoderTest, ThirtyTwoLevelsAreTheLimit) {
    EXPECT_EQ(safety_fate(safety_with(nested(31))), "accepted");
    EXPECT_EQ(safety_fate(safety_with(nested(32))), "too_deep");
    EXPECT_EQ(safety_fate(safety_with(nested(10'000))), "too_deep");
    EXPECT_EQ(fate("{\"a\":" + nested(32) + "}"), "too_deep");
}

TEST_F(DecoderTest, DepthLimitStaysWhenTheParserGrows) {
    const std::string spaces(50'000, ' ');
    EXPECT_EQ(safety_fate(safety_with(spaces + nested(31))), "accepted");
    EXPECT_EQ(safety_fate(safety_with(spaces + nested(32))), "too_deep");
}

TEST_F(DecoderTest, TenThousandMembersAreTheLimit) {
    const auto zeros = [](std::size_t count) {
        std::string out = "[0";
        for (std::size_t i = 1; i < count; ++i) out += ",0";
        return out + "]";
    };
    // Five members are around them.
    EXPECT_EQ(safety_fate(safety_with(zeros(k_max_members - 5))), "accepted");
    EXPECT_EQ(safety_fate(safety_with(zeros(k_max_members - 4))), "too_many_members");

    std::string nulls = R"({"temperature":1,"motor_currents":[null)";
    for (std::size_t i = 0; i < k_max_members; ++i) nulls += ",null";
    EXPECT_EQ(fate(nulls + "]}"), "too_many_members");
}

TEST_F(DecoderTest, MetricsAreCountedAndKeepTheirOrder) {
    const auto metrics = [](std::size_t count) {
        std::string out = "{";
        for (std::size_t i = 0; i < count; ++i) {
            if (i > 0) out += ',';
            out += "\"m" + std::to_string(i) + "\":" + std::to_string(i);
        }
        return out + "}";
    };
    const auto decoded = reading(metrics(k_max_metrics));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded->metrics.size(), k_max_metrics);
    for (std::size_t i = 0; i < k_max_metrics; ++i) {
        EXPECT_EQ(decoded->metrics[i].name, "m" + std::to_string(i));
        EXPECT_EQ(std::get<double>(decoded->metrics[i].value), static_cast<double>(i));
    }
    EXPECT_EQ(fate(metrics(k_max_metrics + 1)), "too_many_metrics");
}

TEST_F(DecoderTest, NameOfAMetricHasAtMost64Characters) {
    EXPECT_EQ(fate("{\"" + std::string(64, 'n') + "\":1}"), "accepted");
    EXPECT_EQ(fate("{\"" + std::string(65, 'n') + "\":1}"), "bad_name");
    // Also when it is made of two.
    const std::string inner(32, 'i');
    EXPECT_EQ(fate("{\"" + std::string(31, 'o') + "\":{\"" + inner + "\":1}}"), "accepted");
    EXPECT_EQ(fate("{\"" + std::string(32, 'o') + "\":{\"" + inner + "\":1}}"), "bad_name");
}

TEST_F(DecoderTest, ManyNamesAreStillDistinct) {
    std::string payload = "{";
    for (int i = 0; i < 100; ++i) payload += "\"m" + std::to_string(i) + "\":1,";
    EXPECT_EQ(fate(payload + "\"other\":1}"), "accepted");
    EXPECT_EQ(fate(payload + "\"m50\":1}"), "duplicate_key");
}

TEST_F(DecoderTest, SequenceIsTheHashOfThePayloadWithoutOne) {
    const std::string payload = R"({"temperature":1})";
    const auto first = reading(payload);
    const auto again = reading(payload);
    const auto other = reading(R"({"temperature":2})");
    ASSERT_TRUE(first && again && other);
    EXPECT_EQ(first->sequence, hashed_sequence(payload));
    EXPECT_EQ(first->sequence, again->sequence);
    EXPECT_NE(first->sequence, other->sequence);
}

TEST_F(DecoderTest, DeviceIsOneInWhateverCaseItComes) {
    const auto lower = decoder_.decode_reading("press-01", R"({"temperature":1})", k_arrival);
    const auto upper = decoder_.decode_reading("PRESS-01", R"({"temperature":1})", k_arrival);
    ASSERT_TRUE(lower && upper);
    EXPECT_EQ(lower->device, upper->device);
    EXPECT_EQ(upper->device->id(), "press-01");
    EXPECT_EQ(devices_.size(), 1U);
}

TEST_F(DecoderTest, ManyDevicesAreNotMixedUp) {
    // More than the decoder remembers, so that slots are shared.
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 3000; ++i) {
            const std::string id = "device-" + std::to_string(i);
            const auto decoded = decoder_.decode_reading(id, R"({"temperature":1})", k_arrival);
            ASSERT_TRUE(decoded);
            ASSERT_EQ(decoded->device->id(), id);
        }
    }
    EXPECT_EQ(devices_.size(), 3000U);
}

TEST_F(DecoderTest, ReadingTakesOverTheLastSafetyStatus) {
    EXPECT_EQ(reading(R"({"temperature":1})")->is_safe, std::nullopt);
    ASSERT_EQ(safety_fate("{" + std::string{k_safe} + "}"), "accepted");
    EXPECT_EQ(reading(R"({"temperature":1})")->is_safe, true);
    EXPECT_EQ(reading(R"({"temperature":1,"is_safe":false})")->is_safe, false);
    EXPECT_EQ(reading(R"({"temperature":1,"is_safe":null})")->is_safe, true);
    // Another device is another machine.
    const auto other = decoder_.decode_reading("cnc-02", R"({"temperature":1})", k_arrival);
    EXPECT_EQ(other->is_safe, std::nullopt);
}

TEST_F(DecoderTest, LateSafetyStatusDoesNotUndoANewerOne) {
    const std::string safe = std::string{k_safe};
    std::string stopped = safe;
    stopped.replace(stopped.find("false"), 5, "true");
    ASSERT_EQ(safety_fate("{\"timestamp\":\"2025-12-31T10:00:00Z\"," + stopped + "}"), "accepted");
    ASSERT_EQ(safety_fate("{\"timestamp\":\"2025-12-31T09:00:00Z\"," + safe + "}"), "accepted");
    EXPECT_EQ(devices_.find("cnc-01")->last_is_safe(), false);
    ASSERT_EQ(safety_fate("{\"timestamp\":\"2025-12-31T11:00:00Z\"," + safe + "}"), "accepted");
    EXPECT_EQ(devices_.find("cnc-01")->last_is_safe(), true);
}

TEST_F(DecoderTest, DetailShowsOnlyAPieceOfALongText) {
    const auto decoded = reading("{\"temperature\":\"" + std::string(5000, 'x') + "\"}");
    ASSERT_FALSE(decoded);
    EXPECT_LT(decoded.error().detail.size(), 200U);
}

TEST_F(DecoderTest, ShownIsCutBetweenCharactersAndEscaped) {
    EXPECT_EQ(shown("a\nb"), "\"a\\nb\"");
    EXPECT_EQ(shown(std::string(63, 'x') + "é"), "\"" + std::string(63, 'x') + "\"…");
    EXPECT_EQ(shown(std::string(64, 'x')), "\"" + std::string(64, 'x') + "\"");
}

}  // namespace
}  // namespace modax::ingest
