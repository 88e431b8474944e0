#include "connectors/definition.hpp"

#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace modax::connectors {
namespace {

using ::testing::HasSubstr;

class DefinitionTest : public testing::Test {
protected:
    Result<Definition> read(const std::string& text) const {
        const auto file = directory_.path() / "x.toml";
        std::ofstream{file} << text;
        return read_definition(file);
    }
    test::TemporaryDirectory directory_;
};

constexpr const char* k_smallest = R"(
name = "sap"
events = ["production.*"]
[request]
url = "https://sap.example.com/x"
mapping = ".body"
)";

TEST_F(DefinitionTest, TheSmallestFile) {
    const auto read = this->read(k_smallest);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->name, "sap");
    EXPECT_TRUE(wants(*read, "production.completed"));
    EXPECT_FALSE(wants(*read, "quality.results"));
    EXPECT_FALSE(read->repeatable);
}

TEST_F(DefinitionTest, SettingsAreGivenToTheMapping) {
    const auto read = this->read(
        std::string{k_smallest} + "[settings]\nplant = \"1010\"\n[settings.equipment]\na = 7\n"
    );
    ASSERT_TRUE(read) << read.error().detail;
    BusinessEvent event;
    event.body = "{}";
    const auto input = nlohmann::json::parse(mapping_input(event, read->settings));
    EXPECT_EQ(input["settings"]["plant"], "1010");
    EXPECT_EQ(input["settings"]["equipment"]["a"], 7);
}

TEST_F(DefinitionTest, EveryProblemIsToldWithItsLine) {
    const auto read = this->read(std::string{k_smallest} + R"(
[auth]
kind = "basic"
user = "modax"
secret = "Swordfish-in-the-file"
[limits]
per_second = 0
colour = "blue"
[errors]
ambiguous = [500]
transient = [500]
)");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr("x.toml:11:"));
    EXPECT_THAT(read.error().detail, HasSubstr("secret: must be env:NAME"));
    EXPECT_THAT(read.error().detail, HasSubstr("unknown key 'colour'"));
    EXPECT_THAT(read.error().detail, HasSubstr("per_second: must be a whole number from 1"));
    EXPECT_THAT(read.error().detail, HasSubstr("500 has an outcome already"));
    EXPECT_THAT(read.error().detail, testing::Not(HasSubstr("Swordfish")));
}

TEST_F(DefinitionTest, NoTomlIsToldWithItsLine) {
    const auto read = this->read("name = \"sap\"\nevents = [");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr("x.toml:2:"));
}

TEST(Definition, PlaceholdersAreFilledIn) {
    BusinessEvent event;
    event.id = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(filled_in("'{reference}'", event), "'0123456789abcdef0123'");
    EXPECT_EQ(
        filled_in("?id={id}&uuid={uuid}", event),
        "?id=0123456789abcdef0123456789abcdef&uuid=01234567-89ab-cdef-0123-456789abcdef"
    );
}

}  // namespace
}  // namespace modax::connectors
