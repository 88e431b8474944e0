#include "config/load.hpp"
#include "unit/config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace modax::config {
namespace {

using ::testing::HasSubstr;

class ResolveSecret : public ::testing::Test {
protected:
    Result<Secret> resolve(const std::string& reference) {
        return resolve_secret(
            {reference},
            environment_of(
                {{"UPLINK_PASSWORD", "canary"},
                 {"EMPTY", ""},
                 {"CREDENTIALS_DIRECTORY", directory_.path().string()}}
            ),
            files_
        );
    }
    std::string file(const std::string& name, const std::string& content) {
        const auto path = directory_.path() / name;
        EXPECT_TRUE(files_.write_atomic(path, content, 0600));
        return "file:" + path.string();
    }

    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
};

TEST_F(ResolveSecret, from_the_environment) {
    EXPECT_EQ(resolve("env:UPLINK_PASSWORD")->reveal(), "canary");
    EXPECT_TRUE(resolve("")->empty());
}

TEST_F(ResolveSecret, from_a_file_without_its_line_break) {
    EXPECT_EQ(resolve(file("a", "canary\n"))->reveal(), "canary");
    EXPECT_EQ(resolve(file("b", "canary\r\n"))->reveal(), "canary");
    EXPECT_EQ(resolve(file("c", " can ary "))->reveal(), " can ary ");
}

TEST_F(ResolveSecret, from_a_credential_of_systemd) {
    file("uplink", "canary\n");
    EXPECT_EQ(resolve("credential:uplink")->reveal(), "canary");
    EXPECT_THAT(resolve("credential:other").error().detail, HasSubstr("credential:other"));
    const auto without = resolve_secret({"credential:uplink"}, environment_of({}), files_);
    ASSERT_FALSE(without);
    EXPECT_THAT(without.error().detail, HasSubstr("LoadCredential="));
}

TEST_F(ResolveSecret, an_error_names_the_reference) {
    const auto unset = resolve("env:MISSING");
    ASSERT_FALSE(unset);
    EXPECT_EQ(unset.error().code, Errc::not_found);
    EXPECT_THAT(unset.error().detail, HasSubstr("env:MISSING"));

    const auto no_file = resolve("file:/nonexistent/secret");
    ASSERT_FALSE(no_file);
    EXPECT_EQ(no_file.error().code, Errc::not_found);
    EXPECT_THAT(no_file.error().detail, HasSubstr("file:/nonexistent/secret"));

    EXPECT_EQ(resolve("env:EMPTY").error().code, Errc::invalid_argument);
    EXPECT_EQ(resolve(file("empty", "\n")).error().code, Errc::invalid_argument);
}

TEST_F(ResolveSecret, a_plain_text_is_refused_without_showing_it) {
    const auto plain = resolve("canary");
    ASSERT_FALSE(plain);
    EXPECT_THAT(plain.error().detail, ::testing::Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace modax::config
