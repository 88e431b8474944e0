// Topic names and filters (section 4.7), shared subscriptions (section 4.8.2).
#include "mqtt/codec/topic.hpp"

#include <gtest/gtest.h>

#include <string>

namespace modax::mqtt {
namespace {

using namespace std::string_view_literals;

TEST(CodecTopicName, TakesNamesAndRefusesWildcards) {  // sections 4.7.1 and 4.7.3
    for (const auto name : {"a"sv, "/"sv, "//"sv, "a/b c/"sv, "$SYS/x"sv, "\xC3\xA9/1"sv, " "sv}) {
        EXPECT_TRUE(is_valid_topic_name(name)) << name;
    }
    for (const auto name : {""sv, "a/+"sv, "#"sv, "a+b"sv, "a#"sv, "a\0b"sv, "\xFF"sv}) {
        EXPECT_FALSE(is_valid_topic_name(name)) << name;
    }
    EXPECT_TRUE(is_valid_topic_name(std::string(65'535, 'a')));
    EXPECT_FALSE(is_valid_topic_name(std::string(65'536, 'a')));
}

TEST(CodecTopicFilter, WildcardsFillAWholeLevel) {  // sections 4.7.1.2 and 4.7.1.3
    for (const auto filter :
         {"a"sv, "#"sv, "+"sv, "/"sv, "+/+"sv, "/+"sv, "a/#"sv, "+/b/#"sv, "a//+"sv, "$SYS/#"sv}) {
        EXPECT_TRUE(is_valid_topic_filter(filter)) << filter;
    }
    for (const auto filter :
         {""sv, "a#"sv, "a/#/b"sv, "#/"sv, "##"sv, "a+"sv, "+a/b"sv, "a/b+/c"sv, "++"sv, "a\0"sv}) {
        EXPECT_FALSE(is_valid_topic_filter(filter)) << filter;
    }
    EXPECT_FALSE(is_valid_topic_filter(std::string(65'536, 'a')));
}

struct Match {
    std::string_view filter;
    std::string_view topic;
    bool matches;
};

class CodecTopicMatch : public testing::TestWithParam<Match> {};

TEST_P(CodecTopicMatch, AsTheStandardSays) {
    const auto [filter, topic, wanted] = GetParam();
    ASSERT_TRUE(is_valid_topic_filter(filter) && is_valid_topic_name(topic));
    EXPECT_EQ(matches(filter, topic), wanted) << filter << " and " << topic;
}

INSTANTIATE_TEST_SUITE_P(
    Section471,
    CodecTopicMatch,
    testing::Values(
        Match{"sport/tennis/player1/#", "sport/tennis/player1", true},
        Match{"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
        Match{"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
        Match{"sport/#", "sport", true},
        Match{"sport/#", "sports", false},
        Match{"#", "a/b/c", true},
        Match{"#", "/", true},
        Match{"sport/tennis/+", "sport/tennis/player1", true},
        Match{"sport/tennis/+", "sport/tennis/player1/ranking", false},
        Match{"sport/+", "sport", false},
        Match{"sport/+", "sport/", true},
        Match{"+/+", "/finance", true},
        Match{"/+", "/finance", true},
        Match{"+", "/finance", false},
        Match{"+", "a", true},
        Match{"+/b/#", "a/b", true},
        Match{"+/b/#", "a/b/c/d", true},
        Match{"+/b/#", "a/c", false},
        Match{"a/+/c", "a//c", true},
        Match{"a/b", "a/b", true},
        Match{"a/b", "a/b/", false},
        Match{"a/b/", "a/b", false},
        Match{"a", "A", false},
        Match{"/a", "a", false},
        Match{"a/#", "a//", true}
    )
);
INSTANTIATE_TEST_SUITE_P(
    Section472TopicsThatBeginWithDollar,
    CodecTopicMatch,
    testing::Values(
        Match{"#", "$SYS/monitor/Clients", false},
        Match{"+/monitor/Clients", "$SYS/monitor/Clients", false},
        Match{"$SYS/#", "$SYS/monitor/Clients", true},
        Match{"$SYS/monitor/+", "$SYS/monitor/Clients", true},
        Match{"$SYS/#", "$SYS", true},
        Match{"+/a", "x/a", true},
        Match{"a/#", "a/$b", true}
    )
);

TEST(CodecSharedFilter, GivesGroupAndFilter) {  // section 4.8.2
    const auto shared = parse_shared("$share/plant/modax/+/data/#");
    ASSERT_TRUE(shared.has_value());
    EXPECT_EQ(shared->group, "plant");
    EXPECT_EQ(shared->filter, "modax/+/data/#");
    const auto root = parse_shared("$share/g//a");
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(root->filter, "/a");
}

TEST(CodecSharedFilter, RefusesABadGroupOrFilter) {  // sections 4.8.2-1 and 4.8.2-2
    for (const auto filter :
         {"$share/"sv,
          "$share/g"sv,
          "$share/g/"sv,
          "$share//a"sv,
          "$share/+/a"sv,
          "$share/g#/a"sv,
          "$share/g/a+"sv,
          "$share/g/a/#/b"sv,
          "share/g/a"sv,
          "$SHARE/g/a"sv}) {
        EXPECT_FALSE(parse_shared(filter).has_value()) << filter;
    }
    EXPECT_TRUE(is_shared("$share/g"));
    EXPECT_FALSE(is_shared("$shared/g/a"));
}

TEST(CodecTopic, CountsAndCutsLevels) {
    EXPECT_EQ(level_count("a"), 1U);
    EXPECT_EQ(level_count("/"), 2U);
    EXPECT_EQ(level_count("a//b"), 3U);
    std::string_view topic = "a//b";
    bool last = true;
    EXPECT_EQ(take_level(topic, last), "a");
    EXPECT_FALSE(last);
    EXPECT_EQ(take_level(topic, last), "");
    EXPECT_FALSE(last);
    EXPECT_EQ(take_level(topic, last), "b");
    EXPECT_TRUE(last);
}

}  // namespace
}  // namespace modax::mqtt
