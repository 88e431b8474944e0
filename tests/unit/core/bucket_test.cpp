// Summaries and buckets: parts merged in any order say what the whole says.
#include "core/bucket.hpp"

#include <gtest/gtest.h>

#include <random>

namespace modax {
namespace {

TEST(Summary, merged_in_any_order_is_that_of_the_whole) {
    std::mt19937 random{7};
    std::uniform_real_distribution<double> value{1e6, 1e6 + 1};
    Summary whole;
    std::array<Summary, 5> parts;
    for (int i = 0; i < 1000; ++i) {
        const double one = value(random);
        const Summary::Key key{static_cast<std::int64_t>(random() % 50), i};
        whole.add(one, key);
        parts.at(random() % parts.size()).add(one, key);
    }
    Summary merged;
    for (const std::size_t part : {3U, 0U, 4U, 1U, 2U}) merged.merge(parts.at(part));
    merged.merge({});
    EXPECT_EQ(merged.count, whole.count);
    EXPECT_EQ(merged.min, whole.min);
    EXPECT_EQ(merged.max, whole.max);
    EXPECT_EQ(merged.first, whole.first);
    EXPECT_EQ(merged.last, whole.last);
    EXPECT_NEAR(merged.mean(), whole.mean(), 1e-8);
    EXPECT_NEAR(*merged.standard_deviation(), *whole.standard_deviation(), 1e-9);
}

TEST(Summary, the_standard_deviation_is_that_of_a_sample) {
    Summary summary;
    summary.add(2, {0, 0});
    EXPECT_FALSE(summary.standard_deviation());
    summary.add(4, {1, 0});
    summary.add(9, {2, 0});
    EXPECT_DOUBLE_EQ(*summary.standard_deviation(), std::sqrt(13));
}

TEST(Bucket, a_metric_that_was_number_and_boolean_counts_as_number) {
    Bucket bucket{{"door"}};
    bucket.begin({});
    Reading reading;
    reading.metrics = {{"door", true}};
    bucket.add(reading);
    EXPECT_EQ(bucket.find("door")->max, 1);
    reading.metrics = {{"door", 7.0}};
    bucket.add(reading);
    EXPECT_EQ(bucket.readings(), 2U);
    EXPECT_EQ(bucket.find("door")->count, 1U);
    EXPECT_EQ(bucket.find("door")->max, 7);
}

}  // namespace
}  // namespace modax
