// Nicolas Seriot's JSONTestSuite: what is not JSON is refused as such, what is JSON is parsed (and
// then mostly refused, as it is no reading), and nothing harms.
#include "ingest/decoder.hpp"
#include "unit/ingest/case_files.hpp"

#include <gtest/gtest.h>

namespace modax::ingest {
namespace {

constexpr Timestamp k_arrival =
    std::chrono::sys_days{std::chrono::year{2026} / std::chrono::January / 1};
constexpr std::string_view k_good = R"({"device_id":"cnc-01","temperature":1})";

bool says_not_json(Reason reason) {
    return reason == Reason::not_json || reason == Reason::not_utf8 ||
           reason == Reason::bad_number || reason == Reason::too_deep;
}

class JsonTestSuite : public testing::TestWithParam<std::string> {};

TEST_P(JsonTestSuite, IsJudgedAsJson) {
    const auto path =
        std::filesystem::path{MODAX_CASES} / "json_test_suite" / "test_parsing" / GetParam();
    const std::string payload = test::file_bytes(path);
    DeviceRegistry devices;
    Decoder decoder{DecoderOptions{.max_payload = 1024 * 1024}, devices};

    for (const std::string_view device : {"", "cnc-01"}) {
        const auto reading = decoder.decode_reading(device, payload, k_arrival);
        const auto safety = decoder.decode_safety(device, payload, k_arrival);
        ASSERT_FALSE(safety) << "none of the suite is a safety status";
        switch (GetParam().front()) {
            case 'n':
                ASSERT_FALSE(reading);
                EXPECT_TRUE(says_not_json(reading.error().reason)) << reading.error().detail;
                EXPECT_TRUE(says_not_json(safety.error().reason)) << safety.error().detail;
                break;
            case 'y':
                EXPECT_FALSE(!reading && says_not_json(reading.error().reason))
                    << reading.error().detail;
                EXPECT_FALSE(says_not_json(safety.error().reason)) << safety.error().detail;
                break;
            default:
                EXPECT_TRUE(reading || !reading.error().detail.empty());
        }
    }
    // Whatever it was, the next payload is not affected.
    const auto next = decoder.decode_reading("", k_good, k_arrival);
    ASSERT_TRUE(next);
    EXPECT_EQ((*next)[Quantity::temperature], 1);
}

INSTANTIATE_TEST_SUITE_P(
    Parsing,
    JsonTestSuite,
    testing::ValuesIn(test::cases_in("json_test_suite/test_parsing")),
    [](const auto& info) { return test::test_name(info.param) + "_" + std::to_string(info.index); }
);

TEST(JsonTestSuite, IsComplete) {
    EXPECT_EQ(test::cases_in("json_test_suite/test_parsing").size(), 318U);
}

}  // namespace
}  // namespace modax::ingest
