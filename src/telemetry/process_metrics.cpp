#include "telemetry/process_metrics.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace modax::telemetry {
namespace {

struct ProcessFigures {
    double cpu_seconds = 0;
    double start_ticks = 0;  // since boot
    double resident_bytes = 0;
};

std::optional<ProcessFigures> read_figures() {
    std::ifstream file{"/proc/self/stat"};
    std::string line;
    std::getline(file, line);
    // The second field is the program's name in parentheses and may hold anything.
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream rest{line.substr(name_end + 1)};
    const std::vector<std::string> fields{std::istream_iterator<std::string>{rest}, {}};
    // proc(5) counts from 1; the first field here is its third.
    constexpr std::size_t k_offset = 3;
    constexpr std::size_t k_utime = 14 - k_offset;
    constexpr std::size_t k_stime = 15 - k_offset;
    constexpr std::size_t k_starttime = 22 - k_offset;
    constexpr std::size_t k_rss = 24 - k_offset;
    if (fields.size() <= k_rss) return std::nullopt;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    return ProcessFigures{
        (std::stod(fields[k_utime]) + std::stod(fields[k_stime])) / ticks,
        std::stod(fields[k_starttime]),
        std::stod(fields[k_rss]) * page};
}

// Seconds since 1970 at which the machine started.
double read_boot_time() {
    std::ifstream file{"/proc/stat"};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return 0;
}

std::optional<double> count_open_files() {
    std::error_code code;
    double count = 0;
    for (std::filesystem::directory_iterator entry{"/proc/self/fd", code}, end;
         !code && entry != end;
         entry.increment(code)) {
        ++count;
    }
    if (code) return std::nullopt;
    return count - 1;  // without the one this loop had open
}

}  // namespace

ProcessMetrics::ProcessMetrics(std::string version) : version_{std::move(version)} {
    if (const auto figures = read_figures()) {
        start_time_ =
            read_boot_time() + figures->start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
}

void ProcessMetrics::collect(MetricSink& sink) const {
    if (const auto figures = read_figures()) {
        sink.counter(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
            figures->cpu_seconds
        );
        sink.gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            figures->resident_bytes
        );
    }
    if (const auto open = count_open_files()) {
        sink.gauge("process_open_fds", "Number of open file descriptors.", *open);
    }
    sink.gauge(
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
        start_time_
    );
    sink.gauge("modax_build_info", "1, with the version as a label.", 1, {{"version", version_}});
}

}  // namespace modax::telemetry
