#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace modax::telemetry {
namespace {

using ::testing::HasSubstr;

class Source final : public MetricSource {
public:
    explicit Source(std::function<void(MetricSink&)> collect) : collect_{std::move(collect)} {}
    void collect(MetricSink& sink) const override { collect_(sink); }

private:
    std::function<void(MetricSink&)> collect_;
};

TEST(metrics, no_source_gives_an_empty_text) {
    EXPECT_EQ(Metrics{}.text(), "");
}

TEST(metrics, samples_of_one_name_are_one_family_also_across_sources) {
    const Source first{[](MetricSink& sink) {
        sink.counter("modax_a_total", "Things.", 3, {{"kind", "x"}});
        sink.gauge("modax_b", "Level.", 1.5);
    }};
    const Source second{[](MetricSink& sink) {
        sink.counter("modax_a_total", "Things.", 4, {{"kind", "y"}, {"at", "z"}});
    }};
    Metrics metrics;
    metrics.add(first);
    metrics.add(second);
    EXPECT_EQ(
        metrics.text(),
        "# HELP modax_a_total Things.\n"
        "# TYPE modax_a_total counter\n"
        "modax_a_total{kind=\"x\"} 3\n"
        "modax_a_total{at=\"z\",kind=\"y\"} 4\n"
        "# HELP modax_b Level.\n"
        "# TYPE modax_b gauge\n"
        "modax_b 1.5\n"
    );
}

TEST(metrics, is_asked_anew_each_time) {
    double value = 1;
    const Source source{[&](MetricSink& sink) { sink.gauge("modax_g", "G.", value); }};
    Metrics metrics;
    metrics.add(source);
    EXPECT_THAT(metrics.text(), HasSubstr("modax_g 1\n"));
    value = 2;
    EXPECT_THAT(metrics.text(), HasSubstr("modax_g 2\n"));
}

TEST(metrics, what_a_scraper_would_refuse_is_left_out) {
    const Source source{[](MetricSink& sink) {
        sink.counter("modax_a_total", "A.", 1, {{"x", "1"}, {"y", "2"}});
        sink.counter("modax_a_total", "A.", 2, {{"y", "2"}, {"x", "1"}});
        sink.gauge("modax_a_total", "A.", 3);
    }};
    Metrics metrics;
    metrics.add(source);
    EXPECT_EQ(
        metrics.text(),
        "# HELP modax_a_total A.\n# TYPE modax_a_total counter\nmodax_a_total{x=\"1\",y=\"2\"} 1\n"
    );
}

TEST(metrics, label_values_are_escaped) {
    const Source source{[](MetricSink& sink) {
        sink.gauge("modax_g", "G.", 1, {{"name", "a\"b\\c\nd"}});
    }};
    Metrics metrics;
    metrics.add(source);
    EXPECT_THAT(metrics.text(), HasSubstr(R"(modax_g{name="a\"b\\c\nd"} 1)"));
}

TEST(metrics, large_counters_keep_every_digit) {
    const Source source{
        [](MetricSink& sink) { sink.counter("modax_a_total", "A.", 9'007'199'254'740'991.0); }};
    Metrics metrics;
    metrics.add(source);
    EXPECT_THAT(metrics.text(), HasSubstr("modax_a_total 9007199254740991\n"));
}

}  // namespace
}  // namespace modax::telemetry
