// What systemd is told, read from a socket as systemd has one.
#include "app/service_manager.hpp"

#include "support/manual_clock.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <map>

namespace modax::app {
namespace {

class ServiceManagerTest : public ::testing::Test {
protected:
    void SetUp() override {
        path_ = (directory_.path() / "notify").string();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        ASSERT_LT(path_.size(), sizeof address.sun_path);
        std::memcpy(address.sun_path, path_.data(), path_.size());
        descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ASSERT_GE(descriptor_, 0);
        ASSERT_EQ(
            ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0
        );
        environment_["NOTIFY_SOCKET"] = path_;
    }
    void TearDown() override { ::close(descriptor_); }

    // Empty: nothing came.
    std::string received() const {
        std::array<char, 512> buffer{};
        const auto size = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
        return size < 0 ? std::string{}
                        : std::string{buffer.data(), static_cast<std::size_t>(size)};
    }
    ServiceManager manager() {
        return ServiceManager{
            [this](const std::string& name) -> std::optional<std::string> {
                const auto found = environment_.find(name);
                if (found == environment_.end()) return std::nullopt;
                return found->second;
            },
            clock_};
    }

    test::TemporaryDirectory directory_;
    test::ManualClock clock_;
    std::map<std::string, std::string> environment_;
    std::string path_;
    int descriptor_ = -1;
};

TEST_F(ServiceManagerTest, hears_of_the_start_and_the_end) {
    auto one = manager();
    ASSERT_TRUE(one.ready("takes readings"));
    EXPECT_EQ(received(), "READY=1\nSTATUS=takes readings");
    ASSERT_TRUE(one.stopping());
    EXPECT_EQ(received(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, gets_a_sign_of_life_three_times_in_its_patience) {
    environment_["WATCHDOG_USEC"] = "30000000";
    auto one = manager();
    EXPECT_EQ(one.patience(), std::chrono::seconds{30});
    ASSERT_TRUE(one.alive());
    EXPECT_EQ(received(), "WATCHDOG=1");
    clock_.advance(std::chrono::seconds{9});
    ASSERT_TRUE(one.alive());
    EXPECT_EQ(received(), "");
    clock_.advance(std::chrono::seconds{1});
    ASSERT_TRUE(one.alive());
    EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, a_watchdog_of_another_process_is_not_ours) {
    environment_["WATCHDOG_USEC"] = "30000000";
    environment_["WATCHDOG_PID"] = "1";
    auto one = manager();
    EXPECT_FALSE(one.patience());
    ASSERT_TRUE(one.alive());
    EXPECT_EQ(received(), "");
}

TEST_F(ServiceManagerTest, without_systemd_nothing_happens) {
    environment_.clear();
    auto one = manager();
    EXPECT_TRUE(one.ready("ok"));
    EXPECT_TRUE(one.alive());
    EXPECT_EQ(received(), "");
}

TEST_F(ServiceManagerTest, a_socket_that_is_gone_is_told) {
    environment_["NOTIFY_SOCKET"] = path_ + "-other";
    const auto told = manager().ready("ok");
    ASSERT_FALSE(told);
    EXPECT_NE(told.error().detail.find("-other"), std::string::npos);
    environment_["NOTIFY_SOCKET"] = "relative";
    EXPECT_FALSE(manager().stopping());
}

}  // namespace
}  // namespace modax::app
