#include "simulation/payload.hpp"

#include <gtest/gtest.h>

namespace modax::simulation {
namespace {

const Timestamp k_time = *parse_iso8601("2025-12-09T10:30:00Z");

TEST(Payload, ReadingIsFlatJson) {
    std::string out;
    append_reading_payload(
        out,
        "cnc-01",
        k_time,
        7,
        {{"temperature", 45.25}, {"is_safe", true}, {"program", std::string{"O\"1\""}}}
    );
    EXPECT_EQ(
        out,
        R"({"timestamp":"2025-12-09T10:30:00Z","device_id":"cnc-01","seq":7,)"
        R"("temperature":45.25,"is_safe":true,"program":"O\"1\""})"
    );
}

TEST(Payload, ReadingWithoutSequenceAndMembers) {
    std::string out;
    append_reading_payload(out, "cnc-01", k_time, std::nullopt, {});
    EXPECT_EQ(out, R"({"timestamp":"2025-12-09T10:30:00Z","device_id":"cnc-01"})");
}

TEST(Payload, SafetyHasItsFourFields) {
    std::string out;
    append_safety_payload(out, "cnc-01", k_time, {.emergency_stop = true});
    EXPECT_EQ(
        out,
        R"({"timestamp":"2025-12-09T10:30:00Z","device_id":"cnc-01","emergency_stop":true,)"
        R"("door_closed":true,"overload_detected":false,"temperature_ok":true})"
    );
}

}  // namespace
}  // namespace modax::simulation
