#include "telemetry/process_metrics.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace modax::telemetry {
namespace {

class RecordingSink final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view, double value, MetricLabels labels)
        override {
        gauge(name, {}, value, labels);
    }
    void gauge(std::string_view name, std::string_view, double value, MetricLabels labels)
        override {
        values[std::string{name}] = value;
        for (const auto& [key, text] : labels) this->labels[std::string{key}] = text;
    }
    std::map<std::string, double> values;
    std::map<std::string, std::string> labels;
};

std::map<std::string, double> collected(const ProcessMetrics& metrics) {
    RecordingSink sink;
    metrics.collect(sink);
    return sink.values;
}

TEST(process_metrics, tell_memory_time_and_version) {
    const ProcessMetrics metrics{"1.2.3"};
    RecordingSink sink;
    metrics.collect(sink);
    EXPECT_EQ(sink.values.size(), 5U);
    EXPECT_EQ(sink.values.at("modax_build_info"), 1);
    EXPECT_EQ(sink.labels.at("version"), "1.2.3");
    EXPECT_GT(sink.values.at("process_resident_memory_bytes"), 100'000);
    EXPECT_GE(sink.values.at("process_cpu_seconds_total"), 0);
    const auto now =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    EXPECT_LT(sink.values.at("process_start_time_seconds"), now + 2);
    EXPECT_GT(sink.values.at("process_start_time_seconds"), 1'000'000'000);
}

TEST(process_metrics, count_open_files_exactly) {
    const ProcessMetrics metrics{"1"};
    const double before = collected(metrics).at("process_open_fds");
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(collected(metrics).at("process_open_fds"), before + 1);
    close(fd);
    EXPECT_EQ(collected(metrics).at("process_open_fds"), before);
}

TEST(process_metrics, resident_memory_grows_with_memory_that_is_used) {
    const ProcessMetrics metrics{"1"};
    const double before = collected(metrics).at("process_resident_memory_bytes");
    const std::vector<char> block(32U << 20U, 'x');
    EXPECT_GT(collected(metrics).at("process_resident_memory_bytes"), before + (16U << 20U));
    EXPECT_EQ(block.back(), 'x');
}

}  // namespace
}  // namespace modax::telemetry
