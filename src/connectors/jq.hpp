// Runs a jq program over one JSON, in a process of its own that has limits: a mapping is written by
// people and may loop, eat memory or print without end. Thread-safe.
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace modax::connectors {

struct JqLimits {
    std::chrono::milliseconds time{5000};  // then it is killed; CPU time is limited to 2 s as well
    std::size_t output_bytes = 1024UL * 1024;
};

class Jq {
public:
    // `program`: the modax executable, which has the worker as a hidden command.
    explicit Jq(std::filesystem::path program, JqLimits limits = {})
        : program_{std::move(program)}, limits_{limits} {}

    // The first output as JSON, a text as it is (for XML); "null" when there is none. Errors:
    // invalid_argument (the program does not compile, or fails on this input), resource_exhausted
    // (a limit; it was killed), io_error.
    Result<std::string> run(std::string_view jq, std::string_view input) const;

private:
    std::filesystem::path program_;
    JqLimits limits_;
};

// The worker: reads the size of the program, a line break, the program and the input from standard
// input, writes the output or what is wrong; exit code 0 or 1. Sets its own limits first.
int run_jq_worker();

inline constexpr const char* k_jq_worker_command = "__jq-worker";

}  // namespace modax::connectors
