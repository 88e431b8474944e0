// modax_analysis_trials: one line of JSON for each result; tests/bench/analysis.py makes tables.
#include "support/analysis_trials.hpp"

#include <CLI/CLI.hpp>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace modax {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Options {
    std::uint64_t seeds = 20;
    std::uint64_t first_seed = 1;
    int hertz = 10;
    int usual_minutes = 120;
    std::string only;
    bool verbose = false;
};

microseconds step_of(const Options& options) {
    return microseconds{1'000'000 / options.hertz};
}

void faults(const Options& options) {
    const Device device{1, "cnc-01", {}};
    struct Sum {
        std::uint64_t found = 0;
        std::uint64_t labelled = 0;
        std::vector<double> delays;
    };
    std::vector<std::array<Sum, 2>> sums(test::k_fault_cases.size());
    for (std::uint64_t n = 0; n < options.seeds; ++n) {
        const std::uint64_t seed = options.first_seed + n;
        // So that the fault does not meet every machine in the same minute.
        const auto start = microseconds{std::chrono::minutes{options.usual_minutes}} +
                           seconds{static_cast<int>(seed * 7 % 60)};
        const auto usual = test::after_usual(device, seed, step_of(options), start);
        for (std::size_t i = 0; i < test::k_fault_cases.size(); ++i) {
            const test::FaultCase& fault = test::k_fault_cases[i];
            if (!options.only.empty() && fault.name != options.only) continue;
            for (const bool whole : {true, false}) {
                const auto outcome =
                    test::try_fault(usual, seed, step_of(options), fault, whole, start);
                Sum& sum = sums[i][whole ? 0 : 1];
                sum.found += outcome.found ? 1 : 0;
                sum.labelled += outcome.labelled ? 1 : 0;
                if (outcome.found) sum.delays.push_back(outcome.delay_seconds);
                if (options.verbose && !outcome.labelled) {
                    std::fprintf(
                        stderr,
                        "seed %llu %s %s %s: %s\n",
                        static_cast<unsigned long long>(seed),
                        std::string{fault.name}.c_str(),
                        std::string{fault.metric}.c_str(),
                        whole ? "full" : "half",
                        (outcome.found ? outcome.shown : std::string{"nothing"}).c_str()
                    );
                }
            }
        }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const test::FaultCase& fault = test::k_fault_cases[i];
        for (const bool whole : {true, false}) {
            Sum& sum = sums[i][whole ? 0 : 1];
            std::sort(sum.delays.begin(), sum.delays.end());
            std::printf(
                "{\"fault\":\"%s\",\"metric\":\"%s\",\"size\":\"%s\",\"trials\":%llu,\"found\":%"
                "llu,"
                "\"labelled\":%llu,\"median_delay\":%.1f,\"within\":%lld}\n",
                std::string{fault.name}.c_str(),
                std::string{fault.metric}.c_str(),
                whole ? "full" : "half",
                static_cast<unsigned long long>(options.seeds),
                static_cast<unsigned long long>(sum.found),
                static_cast<unsigned long long>(sum.labelled),
                sum.delays.empty() ? -1.0 : sum.delays[sum.delays.size() / 2],
                static_cast<long long>(fault.delay.count())
            );
        }
    }
}

// The first hour, and the hour after the usual time.
void healthy(const Options& options) {
    for (const int from_minutes : {0, options.usual_minutes}) {
        std::uint64_t more = 0;
        std::map<std::string, int> kinds;
        for (std::uint64_t n = 0; n < options.seeds; ++n) {
            const auto alarms = test::healthy_alarms(
                options.first_seed + n,
                step_of(options),
                std::chrono::minutes{from_minutes},
                hours{1}
            );
            int sum = 0;
            for (const auto& [kind, count] : alarms) {
                sum += count;
                kinds[kind] += count;
            }
            more += sum > 1 ? 1 : 0;
        }
        int all = 0;
        for (const auto& [kind, count] : kinds) {
            all += count;
            if (options.verbose) std::fprintf(stderr, "%4d %s\n", count, kind.c_str());
        }
        std::printf(
            "{\"healthy_from\":%d,\"hours\":%llu,\"alarms\":%d,\"hours_with_more_than_one\":%llu}"
            "\n",
            from_minutes,
            static_cast<unsigned long long>(options.seeds),
            all,
            static_cast<unsigned long long>(more)
        );
    }
}

std::size_t memory_in_use() {
    return mallinfo2().uordblks;
}

void speed(std::size_t devices, std::uint64_t rounds) {
    constexpr std::size_t k_streams = 16;
    constexpr int k_length = 2000;
    const microseconds step{100'000};
    const Device nobody{1, "nobody", {}};
    std::vector<std::vector<Reading>> streams(std::min(k_streams, devices));
    std::size_t points = 0;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        simulation::CncMachine machine{i + 1};
        for (int k = 0; k < k_length; ++k) {
            streams[i].push_back(test::reading_of(nobody, *machine.next(step)));
        }
    }
    std::vector<std::unique_ptr<Device>> known;
    std::vector<std::unique_ptr<analysis::DeviceModel>> models;
    const std::size_t before = memory_in_use();
    for (std::size_t i = 0; i < devices; ++i) {
        known.push_back(
            std::make_unique<Device>(static_cast<std::uint32_t>(i + 1), "cnc", Timestamp{})
        );
        models.push_back(
            std::make_unique<analysis::DeviceModel>(*known.back(), analysis::ModelOptions{})
        );
    }
    std::int64_t tick = 0;
    const auto run = [&](std::uint64_t count) {
        for (std::uint64_t n = 0; n < count; ++n, ++tick) {
            for (std::size_t i = 0; i < devices; ++i) {
                auto& stream = streams[i % streams.size()];
                Reading& reading = stream[static_cast<std::size_t>(tick % k_length)];
                reading.time = test::k_synthetic_start + tick * step;
                models[i]->step(reading);
                points += models[i]->signals();
            }
        }
    };
    run(rounds);
    points = 0;
    const auto begun = std::chrono::steady_clock::now();
    run(rounds);
    const double taken =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    std::size_t signals = 0;
    std::size_t kept = 0;
    for (const auto& model : models) {
        signals += model->signals();
        kept += model->save().size();
    }
    std::printf(
        "{\"devices\":%zu,\"signals\":%zu,\"points_per_second\":%.0f,\"memory_per_signal\":%.0f,"
        "\"kept_per_signal\":%.0f}\n",
        devices,
        signals,
        static_cast<double>(points) / taken,
        static_cast<double>(memory_in_use() - before) / static_cast<double>(signals),
        static_cast<double>(kept) / static_cast<double>(signals)
    );
}

}  // namespace
}  // namespace modax

int main(int count, char** words) {
    CLI::App app{"Trials of the analysis on simulated machines"};
    modax::Options options;
    app.add_option("--seeds", options.seeds);
    app.add_option("--first-seed", options.first_seed);
    app.add_option("--hertz", options.hertz);
    app.add_option("--usual-minutes", options.usual_minutes);
    app.add_flag("--verbose", options.verbose);
    app.require_subcommand(1);
    auto* faults = app.add_subcommand("faults")->fallthrough();
    faults->add_option("--only", options.only);
    faults->callback([&] { modax::faults(options); });
    app.add_subcommand("healthy")->fallthrough()->callback([&] { modax::healthy(options); });
    std::size_t devices = 1;
    std::uint64_t rounds = 3000;
    auto* speed = app.add_subcommand("speed");
    speed->add_option("--devices", devices);
    speed->add_option("--rounds", rounds);
    speed->callback([&] { modax::speed(devices, rounds); });
    CLI11_PARSE(app, count, words);
    return 0;
}
