#include "security/user_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::security {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view k_hash =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

TEST(UserRules, names_and_passwords_that_can_not_be_are_refused) {
    const std::string long_name(65, 'a');
    for (const std::string& name :
         {std::string{},
          std::string{"a b"},
          std::string{"a:b"},
          std::string{"#a"},
          std::string{"a\n"},
          long_name}) {
        EXPECT_FALSE(check_user_name(name)) << name;
    }
    EXPECT_TRUE(check_user_name(std::string(64, 'a')));
    EXPECT_FALSE(check_password(Secret{"1234567"}));
    EXPECT_FALSE(check_password(Secret{std::string(1025, 'a')}));
    EXPECT_TRUE(check_password(Secret{"12345678"}));
}

TEST(UserRules, a_role_needs_a_name_of_its_own_and_patterns) {
    EXPECT_TRUE(check_role({"cell", {"modax/sensor/data/%u"}, {}}));
    EXPECT_THAT(check_role({"device", {"a"}, {}}).error().detail, HasSubstr("ready-made"));
    EXPECT_THAT(check_role({"cell", {}, {}}).error().detail, HasSubstr("publish:"));
    EXPECT_THAT(check_role({"cell", {"a/#/b"}, {}}).error().detail, HasSubstr("publish: 'a/#/b'"));
    EXPECT_THAT(check_role({"cell", {}, {"a+"}}).error().detail, HasSubstr("subscribe: 'a+'"));
}

TEST(UserRules, the_old_file_is_read) {
    const auto users =
        parse_users("mqtt-users", "# a comment\n\npress:" + std::string{k_hash} + "\r\ncell-7:!\n");
    ASSERT_TRUE(users) << users.error().detail;
    EXPECT_EQ(users->at("press"), k_hash);
    EXPECT_EQ(users->at("cell-7"), "");
}

TEST(UserRules, a_wrong_line_is_named_by_number_and_its_content_is_not_shown) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"ok:!\npress:canary\n", ":2: what follows the name is no Argon2id hash"},
        {"canary\n", ":1: not a line of the form name:hash"},
        {":!\n", ":1: not a line of the form name:hash"},
        {"a:!\n\n#\na:!\n", ":4: this user is there twice"}};
    for (const auto& [content, text] : wrong) {
        const auto users = parse_users("mqtt-users", content);
        ASSERT_FALSE(users) << content;
        EXPECT_EQ(users.error().code, Errc::invalid_argument);
        EXPECT_THAT(users.error().detail, HasSubstr("mqtt-users" + text));
        EXPECT_THAT(users.error().detail, Not(HasSubstr("canary")));
    }
}

}  // namespace
}  // namespace modax::security
