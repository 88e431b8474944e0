#include "cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace modax::cli {
namespace {

constexpr std::size_t k_bar_width = 30;

std::string bar(double share) {
    const auto filled = static_cast<std::size_t>(share * k_bar_width);
    return "[" + std::string(filled, '#') + std::string(k_bar_width - filled, '-') + "]";
}

}  // namespace

Progress::Progress(std::string label, std::string unit, std::optional<std::uint64_t> total)
    : label_{std::move(label)},
      unit_{std::move(unit)},
      total_{total},
      terminal_{isatty(STDERR_FILENO) == 1},
      started_{std::chrono::steady_clock::now()},
      drawn_{started_} {}

Progress::~Progress() {
    finish();
}

void Progress::update(std::uint64_t position, std::uint64_t count) {
    position_ = position;
    count_ = count;
    const auto now = std::chrono::steady_clock::now();
    const auto pause =
        terminal_ ? std::chrono::milliseconds{100} : std::chrono::milliseconds{10'000};
    if (now - drawn_ < pause) return;
    drawn_ = now;
    draw();
}

void Progress::finish() {
    if (std::exchange(finished_, true)) return;
    draw();
    if (terminal_) std::fputc('\n', stderr);
}

void Progress::draw() {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started_;
    const double rate = elapsed.count() > 0 ? static_cast<double>(count_) / elapsed.count() : 0;
    std::string line = label_ + ' ';
    if (total_ && *total_ > 0) {
        const double share =
            std::min(1.0, static_cast<double>(position_) / static_cast<double>(*total_));
        line += bar(share) + ' ' + std::to_string(static_cast<int>(share * 100)) + " %, ";
    }
    std::fprintf(
        stderr,
        terminal_ ? "\r%s%llu %s, %.0f/s   " : "%s%llu %s, %.0f/s\n",
        line.c_str(),
        static_cast<unsigned long long>(count_),
        unit_.c_str(),
        rate
    );
    std::fflush(stderr);
}

}  // namespace modax::cli
