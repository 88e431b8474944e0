#include "core/device.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

const Timestamp k_now = from_micros(1'700'000'000'000'000);

TEST(DeviceId, FollowsThePattern) {
    for (const char* id : {"cnc-01", "A", "7.b_c-d", "test-device-01"}) {
        EXPECT_TRUE(is_valid_device_id(id)) << id;
    }
    for (const char* id : {"", "-a", ".a", "a b", "a/b", "caf\xc3\xa9"}) {
        EXPECT_FALSE(is_valid_device_id(id)) << id;
    }
    EXPECT_TRUE(is_valid_device_id(std::string(64, 'a')));
    EXPECT_FALSE(is_valid_device_id(std::string(65, 'a')));
}

TEST(DeviceRegistry, ComparesWithoutCaseAndKeepsTheFirstSpelling) {
    DeviceRegistry registry;
    const auto first = registry.find_or_register("CNC-01", k_now);
    ASSERT_TRUE(first);
    EXPECT_EQ(registry.find_or_register("cnc-01", k_now), first);
    EXPECT_EQ((*first)->id(), "CNC-01");
    EXPECT_EQ((*first)->number(), 1U);
    EXPECT_EQ(registry.find("cNc-01"), *first);
    EXPECT_EQ(registry.size(), 1U);
}

TEST(DeviceRegistry, NumbersGoOnBehindTheRestoredOnes) {
    DeviceRegistry registry;
    registry.restore(7, "press-01", k_now);
    EXPECT_EQ((*registry.find_or_register("cnc-01", k_now))->number(), 8U);
    EXPECT_EQ(registry.find(7)->id(), "press-01");
    EXPECT_EQ(registry.find(9), nullptr);
}

TEST(DeviceRegistry, RefusesABadId) {
    DeviceRegistry registry;
    const auto refused = registry.find_or_register("../etc", k_now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(registry.size(), 0U);
}

}  // namespace
}  // namespace modax
