#include "core/principal.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

TEST(Principal, DeniesByDefault) {
    const Principal nobody{.kind = "api_key", .name = "x", .scopes = {}, .devices = {}};
    EXPECT_FALSE(nobody.may("readings:read"));
}

TEST(Principal, ScopeAndDeviceMustBothFit) {
    const Principal sap{
        .kind = "api_key",
        .name = "sap",
        .scopes = {"readings:read"},
        .devices = {"cnc-*", "*-spare"}};
    EXPECT_TRUE(sap.may("readings:read", "CNC-01"));
    EXPECT_TRUE(sap.may("readings:read", "press-spare"));
    EXPECT_FALSE(sap.may("readings:read", "press-01"));
    EXPECT_FALSE(sap.may("keys:write", "cnc-01"));
    const Principal admin{.kind = "api_key", .name = "admin", .scopes = {"*"}, .devices = {}};
    EXPECT_TRUE(admin.may("keys:write"));
    EXPECT_TRUE(admin.may("readings:read", "anything"));
}

}  // namespace
}  // namespace modax
