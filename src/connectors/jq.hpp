// Runs jq programs over JSON in worker processes that have limits: a mapping is written by people
// and may loop, eat memory or print without end. A worker stays for many mappings and is ended and
// replaced when one goes wild. Thread-safe.
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace modax::connectors {

struct JqLimits {
    std::chrono::milliseconds time{5000};  // then it is killed; CPU time is limited to 2 s as well
    std::size_t output_bytes = 1024UL * 1024;
};

class Jq {
public:
    // `program`: the modax executable, which has the worker as a hidden command.
    explicit Jq(std::filesystem::path program, JqLimits limits = {});
    Jq(const Jq&) = delete;
    Jq& operator=(const Jq&) = delete;
    ~Jq();

    // The first output as JSON, a text as it is (for XML); "null" when there is none. Errors:
    // invalid_argument (the program does not compile, or fails on this input), resource_exhausted
    // (a limit; the worker was ended), io_error. Runs at once what several threads ask for, each in
    // a worker of its own.
    Result<std::string> run(std::string_view jq, std::string_view input) const;

private:
    class Worker;

    Result<std::unique_ptr<Worker>> take() const;
    void give_back(std::unique_ptr<Worker> worker) const;

    const std::filesystem::path program_;
    const JqLimits limits_;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Worker>> idle_;
};

// The worker: reads "<size of the program> <size of the input>\n", the program and the input from
// standard input, writes "<0 or 1> <size>\n" and the output or what is wrong; again until the input
// ends. Sets its own limits first.
int run_jq_worker();

inline constexpr const char* k_jq_worker_command = "__jq-worker";

}  // namespace modax::connectors
