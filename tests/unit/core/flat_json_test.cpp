#include "core/flat_json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace modax {
namespace {

const Timestamp k_time = from_micros(1'765'276'200'000'000);

TEST(FlatJson, HasEveryQuantityEvenWhenUnknown) {
    const Device device{1, "cnc-01", k_time};
    Reading reading;
    reading.device = &device;
    reading.time = k_time;
    reading.sequence = 42;
    reading[Quantity::temperature] = 21.5;
    reading.is_safe = true;
    reading.metrics = {{"coolant", 0.1}, {"door", false}, {"program", std::string{"a\"b\n"}}};
    std::string json;
    append_flat_json(json, reading);
    EXPECT_EQ(
        json,
        R"({"timestamp":"2025-12-09T10:30:00Z","device_id":"cnc-01","seq":42,"temperature":21.5,)"
        R"("current":null,"vibration":null,"spindle_speed":null,"power_kw":null,"feed_rate":null,)"
        R"("is_safe":true,"coolant":0.1,"door":false,"program":"a\"b\n"})"
    );
}

TEST(FlatJson, ASequenceMadeFromAHashIsNotShown) {
    const Device device{1, "cnc-01", k_time};
    SafetyStatus status;
    status.device = &device;
    status.time = k_time;
    status.sequence = -5;
    status.door_closed = true;
    status.temperature_ok = true;
    std::string json;
    append_flat_json(json, status);
    EXPECT_EQ(
        json,
        R"({"timestamp":"2025-12-09T10:30:00Z","device_id":"cnc-01","emergency_stop":false,)"
        R"("door_closed":true,"overload_detected":false,"temperature_ok":true,"is_safe":true})"
    );
}

TEST(FlatJson, NumbersAreShortAndNeverIntegersBeyond64Bits) {
    const auto shown = [](double value) {
        std::string out;
        append_json_number(out, value);
        return out;
    };
    EXPECT_EQ(shown(0.1), "0.1");
    EXPECT_EQ(shown(-3000), "-3000");
    EXPECT_EQ(shown(9007199254740993.0), "9007199254740992");
    EXPECT_EQ(shown(18446744073709551616.0), "1.8446744073709552e+19");
    EXPECT_EQ(shown(-123456789012345680000.0), "-1.2345678901234568e+20");
    EXPECT_EQ(shown(std::numeric_limits<double>::infinity()), "null");
}

TEST(FlatJson, ControlCharactersAreEscaped) {
    std::string out;
    append_json_string(out, std::string_view{"\x01\t\x1f", 3});
    EXPECT_EQ(out, R"("\u0001\t\u001f")");
}

}  // namespace
}  // namespace modax
