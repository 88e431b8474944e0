// What is unusual (PROMISES 3.4), rule by rule, and that nothing else is.
#include "security/unusual_access.hpp"

#include "security/access_profile.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/recording_trail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace modax::security {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AccessProfileTest, ANetworkIsWhatStaysOfAnAddress) {
    EXPECT_EQ(network_of("10.1.2.3"), "10.1.2.0/24");
    EXPECT_EQ(network_of("::ffff:10.1.2.3"), "10.1.2.0/24");
    EXPECT_EQ(network_of("fd00:1:2:3:4:5:6:7"), "fd00:1:2:3::/64");
    EXPECT_EQ(network_of("local"), "");
}

class MemoryProfiles final : public AccessProfileStore {
public:
    Result<std::vector<AccessProfileText>> access_profiles() const override {
        std::vector<AccessProfileText> all;
        for (const auto& [actor, text] : texts) all.push_back({actor, text});
        return all;
    }
    Status save_access_profiles(std::span<const AccessProfileText> profiles) override {
        if (failing) return fail(Errc::io_error, "disk");
        for (const auto& each : profiles) texts[each.actor] = each.text;
        return {};
    }
    std::map<std::string, std::string> texts;
    bool failing = false;
};

class UnusualAccessTest : public ::testing::Test {
protected:
    UnusualAccessTest() { watch(); }
    void watch() {
        watch_ = std::make_unique<UnusualAccess>(trail_, profiles_, clock_, log_);
        ASSERT_TRUE(watch_->load());
        watch_->report_to([this](const SecurityEvent& event) { events_.push_back(event); });
    }
    void access(
        const std::string& actor, const std::string& source, const std::string& object = {}
    ) {
        AuditEntry entry;
        entry.actor = actor;
        entry.source = source;
        entry.object = object;
        entry.action = "readings.read";
        watch_->access(std::move(entry));
    }
    void refuse(const std::string& source) {
        AuditEntry entry;
        entry.actor = "unknown";
        entry.source = source;
        entry.via = "rest";
        entry.action = "readings.read";
        entry.object = "path:/api/v1/devices";
        entry.detail = "the API key is not valid";
        entry.result = AuditEntry::Result::refused;
        watch_->refusal(std::move(entry));
    }
    std::vector<std::string> rules() const {
        std::vector<std::string> found;
        for (const auto& event : events_) found.push_back(event.rule);
        return found;
    }
    // Days of use at the same hour, from the same place.
    void ordinary_days(int count) {
        for (int i = 0; i < count; ++i) {
            access("key:a", "10.1.0.5", "device:cnc-01");
            clock_.advance(days{1});
        }
    }

    // 2023-11-14, 22:13 UTC
    test::ManualClock clock_;
    test::RecordingLog log_;
    test::RecordingTrail trail_;
    MemoryProfiles profiles_;
    std::unique_ptr<UnusualAccess> watch_;
    std::vector<SecurityEvent> events_;
};

TEST_F(UnusualAccessTest, OrdinaryUseIsNotUnusual) {
    ordinary_days(40);
    for (int i = 0; i < 5; ++i) access("key:b", "10.1.0.6", "device:cnc-0" + std::to_string(i));
    for (int i = 0; i < 19; ++i) refuse("10.1.0.5");
    for (int i = 0; i < 100; ++i) access("anonymous", "10.9.0." + std::to_string(i));
    EXPECT_THAT(events_, IsEmpty());
    EXPECT_EQ(trail_.accesses().size(), 145U) << "all go on to the audit log";
    EXPECT_EQ(trail_.refusals().size(), 19U);
}

TEST_F(UnusualAccessTest, ANewNetworkAndTwoWithinAMinute) {
    ordinary_days(2);
    access("key:a", "10.2.0.5");
    ASSERT_THAT(rules(), ElementsAre("new_network"));
    EXPECT_EQ(events_[0].actor, "key:a");
    EXPECT_EQ(events_[0].source, "10.2.0.5");
    EXPECT_THAT(events_[0].evidence, HasSubstr("used from 10.2.0.0/24; before from 10.1.0.0/24"));
    clock_.advance(seconds{30});
    access("key:a", "10.1.0.5");
    EXPECT_THAT(rules(), ElementsAre("new_network", "two_networks"));
    clock_.advance(hours{2});
    access("key:a", "10.2.0.5");
    EXPECT_EQ(events_.size(), 2U) << "known by now";
    EXPECT_FALSE(log_.lines(LogLevel::warn).empty());
    EXPECT_EQ(trail_.accesses().back().action, "readings.read");
}

TEST_F(UnusualAccessTest, AnHourInWhichItIsNeverUsed) {
    ordinary_days(8);
    clock_.advance(hours{1});
    access("key:a", "10.1.0.5");
    EXPECT_THAT(events_, IsEmpty()) << "the hour beside the usual one";
    clock_.advance(hours{4});
    access("key:a", "10.1.0.5");
    ASSERT_THAT(rules(), ElementsAre("unusual_hour"));
    EXPECT_THAT(events_[0].evidence, HasSubstr("between 03:00 and 04:00 UTC"));
}

TEST_F(UnusualAccessTest, AYoungKeyHasNoUsualHoursYet) {
    ordinary_days(3);
    clock_.advance(hours{5});
    access("key:a", "10.1.0.5");
    EXPECT_THAT(events_, IsEmpty());
}

TEST_F(UnusualAccessTest, AFirstUseAfterThirtyDays) {
    ordinary_days(1);
    clock_.advance(days{29});
    access("key:a", "10.1.0.5");
    ASSERT_THAT(rules(), ElementsAre("idle"));
    EXPECT_THAT(events_[0].evidence, HasSubstr("first use for 30 days"));
}

TEST_F(UnusualAccessTest, ManyNewDevicesInSequence) {
    ordinary_days(2);
    for (int i = 0; i < 19; ++i) {
        access("key:a", "10.1.0.5", "device:press-" + std::to_string(i));
        clock_.advance(seconds{1});
    }
    EXPECT_THAT(events_, IsEmpty());
    access("key:a", "10.1.0.5", "device:press-19");
    ASSERT_THAT(rules(), ElementsAre("many_devices"));
    EXPECT_THAT(events_[0].evidence, HasSubstr("20 devices"));
    // On its first day a key meets all its devices.
    for (int i = 0; i < 50; ++i) access("key:new", "10.1.0.5", "device:press-" + std::to_string(i));
    EXPECT_EQ(events_.size(), 1U);
}

TEST_F(UnusualAccessTest, AnExportOfMoreThanFiveTimesTheUsual) {
    constexpr std::uint64_t k_megabyte = 1'000'000;
    for (int i = 0; i < 7; ++i) {
        watch_->served("key:a", 100 * k_megabyte);
        clock_.advance(days{1});
    }
    watch_->served("key:a", 499 * k_megabyte);
    EXPECT_THAT(events_, IsEmpty());
    watch_->served("key:a", 2 * k_megabyte);
    watch_->served("key:a", 2 * k_megabyte);
    ASSERT_THAT(rules(), ElementsAre("export_volume"));
    EXPECT_THAT(events_[0].evidence, HasSubstr("501 MB today, 100 MB a day"));
    // Little is no export, and without a week there is no usual.
    for (int i = 0; i < 5; ++i) {
        watch_->served("key:small", 1000);
        clock_.advance(days{1});
    }
    watch_->served("key:small", 9 * k_megabyte);
    watch_->served("key:young", 900 * k_megabyte);
    EXPECT_EQ(events_.size(), 1U);
}

TEST_F(UnusualAccessTest, TwentyRefusalsOfAnAddressWithinFiveMinutes) {
    for (int i = 0; i < 19; ++i) refuse("10.3.0.1");
    clock_.advance(minutes{6});
    for (int i = 0; i < 19; ++i) refuse("10.3.0.1");
    refuse("10.3.0.2");
    EXPECT_THAT(events_, IsEmpty());
    refuse("10.3.0.1");
    ASSERT_THAT(rules(), ElementsAre("many_refusals"));
    EXPECT_EQ(events_[0].source, "10.3.0.1");
    EXPECT_THAT(events_[0].evidence, HasSubstr("20 refusals within 5 minutes"));
}

TEST_F(UnusualAccessTest, EqualEventsAreToldOnceAnHourWithTheirNumber) {
    watch_->refused_key("k1", "revoked", "10.1.0.5");
    for (int i = 0; i < 9; ++i) watch_->refused_key("k1", "revoked", "10.1.0.5");
    watch_->refused_key("k1", "expired", "10.1.0.5");
    watch_->refused_key("k2", "revoked", "10.1.0.5");
    watch_->refused_key("k3", "network", "10.7.0.5");
    EXPECT_THAT(rules(), ElementsAre("revoked_key", "expired_key", "revoked_key", "new_network"));
    clock_.advance(hours{1});
    watch_->refused_key("k1", "revoked", "10.1.0.5");
    ASSERT_EQ(events_.size(), 5U);
    EXPECT_EQ(events_[4].count, 10U);
    const auto told = trail_.accesses();
    ASSERT_EQ(told.size(), 5U) << "each has its row in the audit log";
    EXPECT_EQ(told[0].action, "security.unusual");
    EXPECT_EQ(told[0].object, "rule:revoked_key");
    EXPECT_EQ(told[0].actor, "key:k1");
}

TEST_F(UnusualAccessTest, AStepOfTheClock) {
    watch_->look();
    clock_.advance(hours{5});
    watch_->look();
    clock_.step_wall_clock(seconds{4});
    watch_->look();
    EXPECT_THAT(events_, IsEmpty());
    clock_.step_wall_clock(-hours{1});
    watch_->look();
    ASSERT_THAT(rules(), ElementsAre("clock_step"));
    EXPECT_THAT(events_[0].evidence, HasSubstr("set back by 3600 s"));
}

TEST_F(UnusualAccessTest, WhatIsUsualOutlivesARestart) {
    ordinary_days(9);
    profiles_.failing = true;
    EXPECT_FALSE(watch_->save());
    profiles_.failing = false;
    ASSERT_TRUE(watch_->save());
    profiles_.texts["key:damaged"] = "{";
    watch();
    access("key:a", "10.1.0.5", "device:cnc-01");
    EXPECT_THAT(events_, IsEmpty());
    clock_.advance(hours{6});
    access("key:a", "10.2.0.5");
    EXPECT_THAT(rules(), ElementsAre("new_network", "unusual_hour"));
}

TEST_F(UnusualAccessTest, ManyThreadsAtATime) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([this, t] {
            const auto own = std::to_string(t);
            for (int i = 0; i < 500; ++i) {
                AuditEntry entry;
                entry.actor = "key:" + own;
                entry.source = "10.1.0." + own;
                watch_->access(entry);
                watch_->served(entry.actor, 10);
                if (t == 0 && i % 100 == 0) {
                    EXPECT_TRUE(watch_->save());
                }
            }
        });
    }
    threads.clear();
    EXPECT_EQ(trail_.accesses().size(), 2000U);
}

}  // namespace
}  // namespace modax::security
