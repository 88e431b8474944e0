#include "security/mqtt_users.hpp"

#include "support/recording_log.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace modax::security {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MqttUsersTest : public ::testing::Test {
protected:
    std::unique_ptr<MqttUsers> make(bool anonymous = false, bool certificates = false) {
        auto users = std::make_unique<MqttUsers>(
            MqttUsersOptions{path_, anonymous, certificates, "modax"}, files_, random_, log_
        );
        EXPECT_TRUE(users->reload());
        return users;
    }
    void set(std::string_view name, std::string_view password) {
        ASSERT_TRUE(set_user(files_, random_, path_, name, Secret{password}));
    }
    static MqttCredentials user(std::string name, std::string password) {
        MqttCredentials credentials;
        credentials.client_id = "c1";
        credentials.user = std::move(name);
        credentials.password = std::move(password);
        return credentials;
    }
    static MqttCredentials nobody(bool loopback, std::string certificate = {}) {
        MqttCredentials credentials;
        credentials.loopback = loopback;
        credentials.certificate_subject = std::move(certificate);
        return credentials;
    }

    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    SystemRandom random_;
    test::RecordingLog log_;
    std::filesystem::path path_ = directory_.path() / "mqtt-users";
};

TEST_F(MqttUsersTest, the_right_password_gives_the_user) {
    set("press", "canary-password");
    const auto users = make();
    const auto principal = users->authenticate(user("press", "canary-password"));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, "mqtt_user");
    EXPECT_EQ(principal->name, "press");
}

TEST_F(MqttUsersTest, every_wrong_login_gets_the_same_answer) {
    set("press", "canary-password");
    const auto users = make();
    const auto wrong_password = users->authenticate(user("press", "canary-passwore"));
    const auto no_password = users->authenticate(user("press", ""));
    const auto unknown_user = users->authenticate(user("nobody", "canary-password"));
    ASSERT_FALSE(wrong_password);
    ASSERT_FALSE(no_password);
    ASSERT_FALSE(unknown_user);
    EXPECT_EQ(wrong_password.error().code, Errc::unauthenticated);
    EXPECT_EQ(wrong_password.error(), no_password.error());
    EXPECT_EQ(wrong_password.error(), unknown_user.error());
}

TEST_F(MqttUsersTest, a_verified_password_is_known_and_only_that_one) {
    set("press", "canary-password");
    const auto users = make();
    EXPECT_FALSE(users->try_authenticate(user("press", "canary-password")));
    EXPECT_FALSE(users->authenticate(user("press", "wrong-password")));
    EXPECT_FALSE(users->try_authenticate(user("press", "wrong-password")));

    ASSERT_TRUE(users->authenticate(user("press", "canary-password")));
    const auto known = users->try_authenticate(user("press", "canary-password"));
    ASSERT_TRUE(known);
    ASSERT_TRUE(*known);
    EXPECT_EQ((*known)->name, "press");
    EXPECT_FALSE(users->try_authenticate(user("press", "wrong-password")));
    EXPECT_FALSE(users->try_authenticate(user("nobody", "canary-password")));
}

TEST_F(MqttUsersTest, a_changed_password_and_a_removed_user_count_after_reload) {
    set("press", "canary-password");
    set("anna", "other-password");
    const auto users = make();
    ASSERT_TRUE(users->authenticate(user("press", "canary-password")));
    ASSERT_TRUE(users->authenticate(user("anna", "other-password")));
    set("press", "second-password");
    ASSERT_TRUE(remove_user(files_, path_, "anna"));
    ASSERT_TRUE(users->reload());
    EXPECT_FALSE(users->try_authenticate(user("press", "canary-password")));
    EXPECT_FALSE(users->authenticate(user("press", "canary-password")));
    EXPECT_TRUE(users->authenticate(user("press", "second-password")));
    EXPECT_FALSE(users->try_authenticate(user("anna", "other-password")));
    EXPECT_FALSE(users->authenticate(user("anna", "other-password")));
}

TEST_F(MqttUsersTest, a_file_that_is_wrong_keeps_the_users_of_before) {
    set("press", "canary-password");
    const auto users = make();
    ASSERT_TRUE(files_.write_atomic(path_, "press:plain-text\n", 0600));
    EXPECT_EQ(users->reload().error().code, Errc::invalid_argument);
    EXPECT_TRUE(users->authenticate(user("press", "canary-password")));
}

TEST_F(MqttUsersTest, without_a_file_there_are_no_users) {
    const auto users = make();
    EXPECT_FALSE(users->authenticate(user("press", "canary-password")));
    EXPECT_THAT(log_.lines(), Contains(HasSubstr("modax user set")));
}

TEST_F(MqttUsersTest, a_file_others_may_read_is_warned_of) {
    set("press", "canary-password");
    make();
    EXPECT_THAT(log_.lines(LogLevel::warn), IsEmpty());
    std::filesystem::permissions(
        path_, std::filesystem::perms::group_read, std::filesystem::perm_options::add
    );
    make();
    EXPECT_THAT(log_.lines(LogLevel::warn), Contains(HasSubstr("chmod 600")));
}

TEST_F(MqttUsersTest, anonymous_only_when_allowed_and_on_loopback) {
    const auto closed = make(false);
    EXPECT_FALSE(closed->authenticate(nobody(true)));
    ASSERT_TRUE(closed->try_authenticate(nobody(true)));
    EXPECT_FALSE(*closed->try_authenticate(nobody(true)));

    const auto open = make(true);
    EXPECT_FALSE(open->authenticate(nobody(false)));
    const auto principal = open->try_authenticate(nobody(true));
    ASSERT_TRUE(principal);
    ASSERT_TRUE(*principal);
    EXPECT_EQ((*principal)->kind, "anonymous");
    auto with_password = nobody(true);
    with_password.password = "canary-password";
    EXPECT_FALSE(open->authenticate(with_password));
    EXPECT_FALSE(open->authenticate(user("nobody", "")));
}

TEST_F(MqttUsersTest, a_certificate_stands_for_its_user_when_it_may) {
    set("press", "canary-password");
    ASSERT_TRUE(files_.write_atomic(path_, files_.read(path_).value() + "cell-7:!\n", 0600));
    EXPECT_FALSE(make(false, false)->authenticate(nobody(false, "press")));

    const auto users = make(false, true);
    for (const std::string name : {"press", "cell-7"}) {
        const auto principal = users->authenticate(nobody(false, name));
        ASSERT_TRUE(principal) << name;
        EXPECT_EQ(principal->kind, "certificate");
        EXPECT_EQ(principal->name, name);
    }
    EXPECT_FALSE(users->authenticate(nobody(false, "unknown")));
    EXPECT_FALSE(users->authenticate(nobody(false, "")));
}

TEST_F(MqttUsersTest, a_user_that_is_sent_needs_the_password_also_with_a_certificate) {
    set("press", "canary-password");
    ASSERT_TRUE(files_.write_atomic(path_, files_.read(path_).value() + "cell-7:!\n", 0600));
    const auto users = make(true, true);
    auto credentials = user("press", "");
    credentials.certificate_subject = "press";
    credentials.loopback = true;
    EXPECT_FALSE(users->authenticate(credentials));
    credentials.password = "canary-password";
    EXPECT_TRUE(users->authenticate(credentials));
    // '!' is not a password.
    EXPECT_FALSE(users->authenticate(user("cell-7", "!")));
    EXPECT_FALSE(users->try_authenticate(user("cell-7", "!")));
}

TEST_F(MqttUsersTest, topics) {
    const auto users = make();
    const Principal principal{"mqtt_user", "press", {}, {}};
    for (const auto* topic :
         {"modax/sensor/data/press",
          "modax",
          "modax/airplane",
          "other/ai/analysis",
          "ai",
          "modaxx/ai/a"}) {
        EXPECT_TRUE(users->may_publish(principal, topic)) << topic;
    }
    for (const auto* topic :
         {"$SYS/broker",
          "$share/g/a",
          "$",
          "modax/ai",
          "modax/ai/analysis/press",
          "modax/system/status",
          "modax/control/commands/press"}) {
        EXPECT_FALSE(users->may_publish(principal, topic)) << topic;
    }
    for (const auto* filter :
         {"modax/ai/analysis/+", "modax/sensor/data/#", "#", "$share/group/modax/#"}) {
        EXPECT_TRUE(users->may_subscribe(principal, filter)) << filter;
    }
    for (const auto* filter :
         {"$SYS/#",
          "$SYS",
          "$other/a",
          "$share/group/$SYS/#",
          "$share/group",
          "$share/",
          "$share"}) {
        EXPECT_FALSE(users->may_subscribe(principal, filter)) << filter;
    }
}

TEST_F(MqttUsersTest, no_line_of_the_log_and_no_error_shows_a_password_or_a_hash) {
    set("press", "canary-password");
    std::filesystem::permissions(
        path_, std::filesystem::perms::others_read, std::filesystem::perm_options::add
    );
    const auto users = make(true, true);
    const auto wrong = users->authenticate(user("press", "canary-wrong"));
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().detail, Not(HasSubstr("canary")));
    ASSERT_TRUE(users->authenticate(user("press", "canary-password")));
    ASSERT_TRUE(files_.write_atomic(path_, "press:canary-plain\n", 0644));
    EXPECT_THAT(users->reload().error().detail, Not(HasSubstr("canary")));
    for (const std::string& line : log_.lines()) {
        EXPECT_THAT(line, Not(HasSubstr("canary")));
        EXPECT_THAT(line, Not(HasSubstr("argon2")));
    }
}

}  // namespace
}  // namespace modax::security
