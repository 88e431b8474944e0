#include "security/users_file.hpp"

#include "security/password.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::security {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view k_hash =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

class UsersFile : public ::testing::Test {
protected:
    Status set(std::string_view name, std::string_view password) {
        return set_user(files_, random_, path_, name, Secret{password});
    }
    std::string content() const { return files_.read(path_).value(); }
    void write(std::string_view content) { ASSERT_TRUE(files_.write_atomic(path_, content, 0600)); }

    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    SystemRandom random_;
    std::filesystem::path path_ = directory_.path() / "mqtt-users";
};

TEST_F(UsersFile, the_first_user_makes_the_file_with_mode_0600) {
    ASSERT_TRUE(set("press", "canary-password"));
    EXPECT_EQ(
        std::filesystem::status(path_).permissions(),
        std::filesystem::perms::owner_read | std::filesystem::perms::owner_write
    );
    const auto users = parse_users(path_, content());
    ASSERT_TRUE(users);
    EXPECT_TRUE(verify_password(users->at("press"), "canary-password"));
    EXPECT_THAT(content(), Not(HasSubstr("canary")));
}

TEST_F(UsersFile, a_changed_password_keeps_comments_and_other_users) {
    write("# machines\n\npress:" + std::string{k_hash} + "\n# people\r\nanna:!\n");
    ASSERT_TRUE(set("press", "new-password"));
    ASSERT_TRUE(set("bert", "his-password"));
    EXPECT_THAT(content(), HasSubstr("# machines\n\npress:$argon2id$"));
    EXPECT_THAT(content(), HasSubstr("\n# people\nanna:!\nbert:$argon2id$"));
    const auto users = parse_users(path_, content());
    ASSERT_TRUE(users);
    EXPECT_TRUE(verify_password(users->at("press"), "new-password"));
    EXPECT_EQ(users->size(), 3U);
}

TEST_F(UsersFile, a_user_is_removed_and_only_that_one) {
    write("# machines\npress:" + std::string{k_hash} + "\npress-2:" + std::string{k_hash} + "\n");
    ASSERT_TRUE(remove_user(files_, path_, "press"));
    EXPECT_EQ(content(), "# machines\npress-2:" + std::string{k_hash} + "\n");
    EXPECT_EQ(remove_user(files_, path_, "press").error().code, Errc::not_found);
    EXPECT_EQ(remove_user(files_, path_, "").error().code, Errc::not_found);
}

TEST_F(UsersFile, names_and_passwords_that_can_not_be_are_refused) {
    for (const std::string name : {"", "a b", "a:b", "#a", "a\nb", "a\x7f"}) {
        EXPECT_EQ(set(name, "long-enough").error().code, Errc::invalid_argument) << name;
    }
    EXPECT_EQ(set(std::string(65, 'a'), "long-enough").error().code, Errc::invalid_argument);
    EXPECT_EQ(set("a", "short12").error().code, Errc::invalid_argument);
    EXPECT_EQ(set("a", std::string(1025, 'a')).error().code, Errc::invalid_argument);
    EXPECT_FALSE(files_.exists(path_));
}

TEST_F(UsersFile, a_wrong_line_is_named_by_number_and_its_content_is_not_shown) {
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
        write(content);
        EXPECT_EQ(set("b", "long-enough").error().code, Errc::invalid_argument);
        EXPECT_EQ(this->content(), content);
    }
}

}  // namespace
}  // namespace modax::security
