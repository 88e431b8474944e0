// Progress of long work on standard error: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace modax::cli {

// One thread.
class Progress {
public:
    // `unit` is a plural noun, for example "readings". Without a total only the count is shown.
    Progress(std::string label, std::string unit, std::optional<std::uint64_t> total);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();

    // `position` of `total` (for example bytes of a file), `count` in units. Cheap: draws at most
    // ten times a second on a terminal and every ten seconds elsewhere.
    void update(std::uint64_t position, std::uint64_t count);
    // Draws the last state and ends the line.
    void finish();

private:
    void draw();

    std::string label_;
    std::string unit_;
    std::optional<std::uint64_t> total_;
    bool terminal_;
    bool finished_ = false;
    std::uint64_t position_ = 0;
    std::uint64_t count_ = 0;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point drawn_;
};

}  // namespace modax::cli
