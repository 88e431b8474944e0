#include "security/roles.hpp"

#include <gtest/gtest.h>

namespace modax::security {
namespace {

TEST(Roles, a_pattern_covers_what_it_matches_and_nothing_else) {
    for (const auto& [pattern, filter] : std::vector<std::pair<std::string, std::string>>{
             {"#", "a"},
             {"#", "#"},
             {"#", "+/b"},
             {"a/#", "a"},
             {"a/#", "a/b/c"},
             {"a/#", "a/#"},
             {"a/#", "a/+/c"},
             {"a/+", "a/b"},
             {"a/+", "a/+"},
             {"a/+/c", "a/+/c"},
             {"a/b", "a/b"},
             {"a/+/#", "a/b"},
             {"+", ""}}) {
        EXPECT_TRUE(covers(pattern, filter)) << pattern << " " << filter;
    }
    for (const auto& [pattern, filter] : std::vector<std::pair<std::string, std::string>>{
             {"a", "b"},
             {"a", "a/b"},
             {"a/b", "a"},
             {"a/b", "a/+"},
             {"a/b", "#"},
             {"a/+", "a/#"},
             {"a/+", "a"},
             {"a/+", "a/b/c"},
             {"a/#", "+/b"},
             {"a/#", "#"},
             {"a/+/#", "a"}}) {
        EXPECT_FALSE(covers(pattern, filter)) << pattern << " " << filter;
    }
}

TEST(Roles, names_are_filled_in_unless_they_could_change_the_pattern) {
    EXPECT_EQ(fill_in("m/%u/%c/x%", "cnc", "c1"), "m/cnc/c1/x%");
    for (const std::string name : {"", "a/b", "+", "#", "a#"}) {
        EXPECT_EQ(fill_in("m/%u", name, "c"), std::nullopt) << name;
        EXPECT_EQ(fill_in("m/%c", "u", name), std::nullopt) << name;
    }
    EXPECT_EQ(fill_in("m/x", "a/b", "#"), "m/x");
}

TEST(Roles, patterns_are_topic_filters) {
    for (const auto* good : {"a", "#", "+", "a/+/b", "a/#", "/a", "modax/sensor/data/%u"}) {
        EXPECT_TRUE(is_topic_pattern(good)) << good;
    }
    const std::string long_pattern(257, 'a');
    for (const std::string& bad :
         {std::string{},
          std::string{"a#"},
          std::string{"a/#/b"},
          std::string{"a+/b"},
          std::string{"a\n"},
          long_pattern}) {
        EXPECT_FALSE(is_topic_pattern(bad)) << bad;
    }
}

TEST(Roles, every_ready_made_one_is_explained_and_has_patterns) {
    const auto roles = ready_made_roles("plant");
    EXPECT_EQ(roles.size(), 7U);
    for (const Role& role : roles) {
        EXPECT_FALSE(meaning_of_role(role.name).empty()) << role.name;
        EXPECT_FALSE(role.publish.empty() && role.subscribe.empty()) << role.name;
        for (const auto& pattern : role.publish) EXPECT_TRUE(is_topic_pattern(pattern)) << pattern;
        for (const auto& pattern : role.subscribe)
            EXPECT_TRUE(is_topic_pattern(pattern)) << pattern;
    }
}

}  // namespace
}  // namespace modax::security
