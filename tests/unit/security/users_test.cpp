#include "security/users.hpp"

#include "support/manual_clock.hpp"
#include "support/memory_identity_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::security {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class UsersTest : public ::testing::Test {
protected:
    std::unique_ptr<Users> make(bool anonymous = false, bool certificates = false) {
        auto users = std::make_unique<Users>(
            UsersOptions{anonymous, certificates, "modax"}, store_, clock_, random_
        );
        EXPECT_TRUE(users->load());
        return users;
    }
    void set(
        std::string_view name, std::string_view password, std::vector<std::string> roles = {"admin"}
    ) {
        const auto done = make()->set_user(name, Secret{password}, roles, origin_);
        ASSERT_TRUE(done) << done.error().detail;
    }
    void set_certificate_user(std::string_view name) {
        ASSERT_TRUE(make()->set_user(name, std::nullopt, {"admin"}, origin_));
    }
    static MqttCredentials user(std::string name, std::string password, std::string client = "c1") {
        MqttCredentials credentials;
        credentials.client_id = std::move(client);
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

    test::MemoryIdentityStore store_;
    test::ManualClock clock_;
    SystemRandom random_;
    AuditEntry origin_;
};

TEST_F(UsersTest, the_right_password_gives_the_user) {
    set("press", "canary-password");
    const auto users = make();
    const auto principal = users->authenticate(user("press", "canary-password"));
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, "mqtt_user");
    EXPECT_EQ(principal->name, "press");
}

TEST_F(UsersTest, every_wrong_login_gets_the_same_answer) {
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
    EXPECT_THAT(wrong_password.error().detail, Not(HasSubstr("canary")));
}

TEST_F(UsersTest, a_verified_password_is_known_and_only_that_one) {
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

TEST_F(UsersTest, changes_by_others_count_after_load) {
    set("press", "canary-password");
    set("anna", "other-password");
    const auto users = make();
    ASSERT_TRUE(users->authenticate(user("press", "canary-password")));
    ASSERT_TRUE(users->authenticate(user("anna", "other-password")));
    set("press", "second-password");
    ASSERT_TRUE(make()->remove_user("anna", origin_));
    ASSERT_TRUE(users->load());
    EXPECT_FALSE(users->try_authenticate(user("press", "canary-password")));
    EXPECT_FALSE(users->authenticate(user("press", "canary-password")));
    EXPECT_TRUE(users->authenticate(user("press", "second-password")));
    EXPECT_FALSE(users->try_authenticate(user("anna", "other-password")));
    EXPECT_FALSE(users->authenticate(user("anna", "other-password")));
}

TEST_F(UsersTest, a_session_may_stay_until_its_user_changes) {
    set("press", "canary-password", {"device"});
    const auto users = make(true);
    const auto principal = users->authenticate(user("press", "canary-password"));
    ASSERT_TRUE(principal);
    EXPECT_TRUE(users->may_stay(*principal));
    ASSERT_TRUE(users->set_user("press", std::nullopt, {"device"}, origin_));
    EXPECT_TRUE(users->may_stay(*principal)) << "nothing has changed";
    ASSERT_TRUE(users->set_user("press", std::nullopt, {"scada"}, origin_));
    EXPECT_FALSE(users->may_stay(*principal)) << "other rights";
    const auto again = users->authenticate(user("press", "canary-password"));
    ASSERT_TRUE(again) << "the password stayed";
    ASSERT_TRUE(users->set_user("press", Secret{"second-password"}, {"scada"}, origin_));
    EXPECT_FALSE(users->may_stay(*again)) << "another password";
    ASSERT_TRUE(users->remove_user("press", origin_));
    EXPECT_FALSE(users->may_stay(*again));
    EXPECT_TRUE(users->may_stay(*users->authenticate(nobody(true))));
}

TEST_F(UsersTest, a_changed_role_changes_what_its_users_may) {
    const auto users = make();
    ASSERT_TRUE(users->set_role({"cell", {"cell/%u/#"}, {"cell/%c"}}, origin_));
    ASSERT_TRUE(users->set_user("press", Secret{"canary-password"}, {"cell"}, origin_));
    const auto principal = users->authenticate(user("press", "canary-password", "line-2"));
    ASSERT_TRUE(principal);
    EXPECT_TRUE(users->may_publish(*principal, "cell/press/a"));
    EXPECT_FALSE(users->may_publish(*principal, "cell/other/a"));
    EXPECT_TRUE(users->may_subscribe(*principal, "cell/line-2"));
    EXPECT_FALSE(users->may_subscribe(*principal, "cell/+"));
    EXPECT_FALSE(users->remove_role("cell", origin_)) << "somebody has it";
    ASSERT_TRUE(users->set_role({"cell", {"cell/%u/#"}, {}}, origin_));
    EXPECT_FALSE(users->may_stay(*principal));
    ASSERT_TRUE(users->remove_user("press", origin_));
    EXPECT_TRUE(users->remove_role("cell", origin_));
    EXPECT_FALSE(users->remove_role("device", origin_)) << "ready-made";
}

TEST_F(UsersTest, what_a_user_can_not_be_is_explained) {
    const auto users = make();
    const auto detail = [&](std::string_view name, std::string_view password, std::string role) {
        return users->set_user(name, Secret{password}, {std::move(role)}, origin_).error().detail;
    };
    EXPECT_THAT(detail("a b", "canary-password", "device"), HasSubstr("name:"));
    EXPECT_THAT(detail("a", "canary", "device"), HasSubstr("password:"));
    EXPECT_THAT(detail("a", "canary-password", "devize"), HasSubstr("roles: there is no role"));
    EXPECT_TRUE(users->users().empty());
    EXPECT_EQ(users->remove_user("a", origin_).error().code, Errc::not_found);
}

TEST_F(UsersTest, every_change_has_its_record_without_a_password) {
    origin_.actor = "key:admin000";
    const auto users = make();
    ASSERT_TRUE(users->set_user("press", Secret{"canary-password"}, {"device"}, origin_));
    ASSERT_TRUE(users->set_user("press", Secret{"canary-password"}, {"scada"}, origin_));
    ASSERT_TRUE(users->set_role({"cell", {"cell/#"}, {}}, origin_));
    ASSERT_TRUE(users->remove_role("cell", origin_));
    ASSERT_TRUE(users->remove_user("press", origin_));
    const std::vector<std::string> actions{
        "user.create", "user.change", "role.set", "role.remove", "user.remove"};
    const auto records = store_.records();
    ASSERT_EQ(records.size(), actions.size());
    for (std::size_t i = 0; i < actions.size(); ++i) {
        EXPECT_EQ(records[i].action, actions[i]);
        EXPECT_EQ(records[i].actor, "key:admin000");
        EXPECT_THAT(records[i].detail, Not(HasSubstr("canary")));
        EXPECT_THAT(records[i].detail, Not(HasSubstr("argon2")));
    }
}

TEST_F(UsersTest, anonymous_only_when_allowed_and_on_loopback) {
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

TEST_F(UsersTest, a_certificate_stands_for_its_user_when_it_may) {
    set("press", "canary-password");
    set_certificate_user("cell-7");
    EXPECT_FALSE(make(false, false)->authenticate(nobody(false, "press")));

    const auto users = make(false, true);
    for (const std::string name : {"press", "cell-7"}) {
        const auto principal = users->authenticate(nobody(false, name));
        ASSERT_TRUE(principal) << name;
        EXPECT_EQ(principal->kind, "certificate");
        EXPECT_EQ(principal->name, name);
        EXPECT_TRUE(users->may_stay(*principal));
    }
    EXPECT_FALSE(users->authenticate(nobody(false, "unknown")));
    EXPECT_FALSE(users->authenticate(nobody(false, "")));
}

TEST_F(UsersTest, a_user_that_is_sent_needs_the_password_also_with_a_certificate) {
    set("press", "canary-password");
    set_certificate_user("cell-7");
    const auto users = make(true, true);
    auto credentials = user("press", "");
    credentials.certificate_subject = "press";
    credentials.loopback = true;
    EXPECT_FALSE(users->authenticate(credentials));
    credentials.password = "canary-password";
    EXPECT_TRUE(users->authenticate(credentials));
    EXPECT_FALSE(users->authenticate(user("cell-7", "")));
    EXPECT_FALSE(users->try_authenticate(user("cell-7", "")));
}

TEST_F(UsersTest, topics_nobody_may_use_and_all_others_of_an_admin) {
    set("press", "canary-password");
    const auto users = make();
    const auto principal = *users->authenticate(user("press", "canary-password"));
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

TEST_F(UsersTest, the_ready_made_roles_allow_what_they_are_for) {
    set("cnc-01", "canary-password", {"device"});
    set("plant", "canary-password", {"scada"});
    set("report", "canary-password", {"bi"});
    const auto users = make();
    const auto device = *users->authenticate(user("cnc-01", "canary-password"));
    EXPECT_TRUE(users->may_publish(device, "modax/sensor/data/cnc-01"));
    EXPECT_TRUE(users->may_publish(device, "modax/sensor/safety/cnc-01"));
    EXPECT_FALSE(users->may_publish(device, "modax/sensor/data/cnc-02"));
    EXPECT_FALSE(users->may_publish(device, "modax/sensor/data"));
    EXPECT_TRUE(users->may_subscribe(device, "modax/control/commands/cnc-01"));
    EXPECT_FALSE(users->may_subscribe(device, "modax/sensor/data/#"));
    const auto scada = *users->authenticate(user("plant", "canary-password"));
    for (const auto* filter :
         {"modax/sensor/data/+",
          "modax/sensor/data/#",
          "modax/sensor/safety/cnc-01",
          "modax/ai/analysis/#",
          "$share/g/modax/sensor/data/#"}) {
        EXPECT_TRUE(users->may_subscribe(scada, filter)) << filter;
    }
    EXPECT_FALSE(users->may_subscribe(scada, "#"));
    EXPECT_FALSE(users->may_subscribe(scada, "modax/control/commands/#"));
    EXPECT_FALSE(users->may_publish(scada, "modax/sensor/data/cnc-01"));
    const auto bi = *users->authenticate(user("report", "canary-password"));
    EXPECT_TRUE(users->may_subscribe(bi, "modax/sensor/data/#"));
    EXPECT_FALSE(users->may_subscribe(bi, "modax/sensor/safety/#"));
}

}  // namespace
}  // namespace modax::security
