#include "config/load.hpp"
#include "config/schema.hpp"
#include "config/value.hpp"
#include "unit/config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace modax::config {
namespace {

using ::testing::HasSubstr;

TEST(config_reference, loads_without_a_problem_and_gives_the_defaults) {
    const ConfigFile file{reference()};
    const auto loaded = load({file.path(), {}, {}});
    ASSERT_TRUE(loaded) << loaded.error().front().line();
    const Config defaults;
    for (const Section& section : schema()) {
        for (const Key& key : section.keys) {
            EXPECT_EQ(key.get(*loaded), key.get(defaults)) << key.name;
        }
    }
}

TEST(config_reference, explains_every_key_with_range_and_default) {
    const std::string text = reference();
    const Config defaults;
    for (const Section& section : schema()) {
        for (const Key& key : section.keys) {
            EXPECT_GT(key.sentence.size(), 10U) << key.name;
            EXPECT_EQ(key.sentence.back(), '.') << key.name;
            const auto dot = key.name.rfind('.');
            const std::string local =
                dot == std::string::npos ? key.name : key.name.substr(dot + 1);
            EXPECT_THAT(text, HasSubstr('\n' + local + " = " + to_toml(key, key.get(defaults))));
        }
    }
    EXPECT_THAT(text, HasSubstr("Range: 0 to 65535. Default: 8080\nport = 8080\n"));
    EXPECT_THAT(text, HasSubstr("One of \"text\" or \"json\". Default: \"text\"\n"));
}

TEST(config_reference, fits_a_hundred_columns) {
    std::istringstream lines{reference()};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

}  // namespace
}  // namespace modax::config
