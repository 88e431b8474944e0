#include "cli/command.hpp"
#include "cli/mqtt_target.hpp"
#include "cli/progress.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/duration_text.hpp"
#include "simulation/cnc_machine.hpp"
#include "simulation/payload.hpp"

#include <cmath>
#include <iostream>
#include <memory>
#include <utility>

namespace modax::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds k_safety_interval = std::chrono::seconds{10};

struct SimulateOptions {
    std::vector<std::string> devices;
    std::string interval = "1s";
    std::optional<std::uint64_t> seed;
    std::vector<std::string> faults;
    std::string duration;     // empty: no end
    std::uint64_t count = 0;  // 0: no end
    double speed = 1;
    MqttTarget target;
};

struct Plan {
    microseconds interval{0};
    std::optional<microseconds> duration;
    std::vector<simulation::Fault> faults;
    std::uint64_t seed = 0;
};

Result<microseconds> duration_of(const std::string& text, const std::string& option) {
    const auto parsed = parse_duration(text);
    if (!parsed || parsed->count() == 0) {
        return fail(
            Errc::invalid_argument,
            option + " must be a duration above 0, not '" + text + "'; for example 500ms or 2h"
        );
    }
    return *parsed;
}

Result<Plan> plan_of(const SimulateOptions& options) {
    for (const std::string& device : options.devices) {
        if (is_valid_device_id(device)) continue;
        return fail(
            Errc::invalid_argument,
            "--device '" + device +
                "' is no device id: letters, digits, '.', '_' and '-', at most 64"
        );
    }
    if (!std::isfinite(options.speed) || options.speed <= 0) {
        return fail(Errc::invalid_argument, "--speed must be a number above 0");
    }
    Plan plan;
    const auto interval = duration_of(options.interval, "--interval");
    if (!interval) return tl::make_unexpected(interval.error());
    plan.interval = *interval;
    if (!options.duration.empty()) {
        const auto duration = duration_of(options.duration, "--duration");
        if (!duration) return tl::make_unexpected(duration.error());
        plan.duration = *duration;
    }
    for (const std::string& text : options.faults) {
        auto fault = simulation::parse_fault(text, simulation::CncMachine::metric_names());
        if (!fault) return tl::make_unexpected(fault.error());
        plan.faults.push_back(std::move(*fault));
    }
    plan.seed = options.seed ? *options.seed : SystemRandom{}.next();
    return plan;
}

// One run of the command.
class Simulation {
public:
    Simulation(const SimulateOptions& options, Plan plan, mqtt::ClientOptions client);

    int run();

private:
    struct Machine {
        std::string device;
        simulation::CncMachine model;
        std::uint64_t sequence = 0;
        std::optional<simulation::SafetyState> told_safety{};
        microseconds safety_told_at{0};
    };

    void work();
    void step(Machine& machine, Timestamp time);
    bool is_over() const;

    const SimulateOptions& options_;
    const Plan plan_;
    std::vector<Machine> machines_;
    SystemClock clock_;
    Progress progress_;
    std::uint64_t steps_ = 0;
    std::optional<SteadyClock::time_point> start_;  // nullopt: not begun
    Timestamp wall_start_;
    MqttSession session_;
};

Simulation::Simulation(const SimulateOptions& options, Plan plan, mqtt::ClientOptions client)
    : options_{options},
      plan_{std::move(plan)},
      progress_{
          "simulate", "messages", options.count > 0 ? std::optional{options.count} : std::nullopt},
      session_{options.target, std::move(client), [this] { work(); }} {
    for (std::size_t i = 0; i < options.devices.size(); ++i) {
        machines_.push_back(
            {options.devices[i], simulation::CncMachine{plan_.seed + i, plan_.faults}}
        );
    }
}

bool Simulation::is_over() const {
    if (options_.count > 0 && steps_ >= options_.count) return true;
    return plan_.duration && plan_.interval * static_cast<std::int64_t>(steps_) >= *plan_.duration;
}

void Simulation::step(Machine& machine, Timestamp time) {
    const auto sample = machine.model.next(plan_.interval);
    if (!sample) return;
    const auto shown = time + sample->clock_error;
    std::string payload;
    const std::string topics = options_.target.topic_prefix + "/sensor/";
    // Safety first, so that the reading is already judged by it.
    const bool changed = !machine.told_safety || *machine.told_safety != sample->safety;
    if (changed || sample->offset - machine.safety_told_at >= k_safety_interval) {
        machine.told_safety = sample->safety;
        machine.safety_told_at = sample->offset;
        simulation::append_safety_payload(payload, machine.device, shown, sample->safety);
        session_.publish(topics + "safety/" + machine.device, payload, options_.target.qos);
        payload.clear();
    }
    simulation::append_reading_payload(
        payload, machine.device, shown, machine.sequence++, sample->members
    );
    session_.publish(topics + "data/" + machine.device, std::move(payload), options_.target.qos);
}

void Simulation::work() {
    if (!start_) {
        start_ = SteadyClock::now();
        wall_start_ = clock_.now();
    }
    while (session_.has_room()) {
        if (is_over()) {
            session_.finish();
            break;
        }
        const auto elapsed =
            std::chrono::duration_cast<microseconds>(std::chrono::duration<double, std::micro>{
                static_cast<double>(plan_.interval.count()) * static_cast<double>(steps_) /
                options_.speed});
        if (const auto due = *start_ + elapsed; due > SteadyClock::now()) {
            session_.wake_at(due);
            break;
        }
        for (Machine& machine : machines_) step(machine, wall_start_ + elapsed);
        ++steps_;
    }
    progress_.update(steps_, session_.confirmed());
}

int Simulation::run() {
    std::cerr << "modax: simulating " << counted(machines_.size(), "machine") << " with --seed "
              << plan_.seed << '\n';
    const auto ended = session_.run();
    progress_.update(steps_, session_.confirmed());
    progress_.finish();
    if (!ended) return report(ended.error());
    std::cout << counted(session_.confirmed(), "message")
              << (options_.target.qos > 0 ? " acknowledged" : " sent");
    if (session_.refused() > 0) std::cout << ", " << session_.refused() << " refused";
    if (session_.unacknowledged() > 0) {
        std::cout << ", " << session_.unacknowledged() << " without acknowledgement";
    }
    std::cout << (session_.interrupted() ? "; interrupted.\n" : ".\n");
    return session_.refused() == 0 && session_.unacknowledged() == 0 ? k_exit_ok : k_exit_failure;
}

int run_simulate(const SimulateOptions& options) {
    auto plan = plan_of(options);
    if (!plan) return report(plan.error());
    auto client = client_options(options.target);
    if (!client) return report(client.error());
    return Simulation{options, std::move(*plan), std::move(*client)}.run();
}

}  // namespace

void add_simulate(CLI::App& app, Action& action) {
    auto* simulate = app.add_subcommand(
        "simulate", "Publish the readings and safety statuses of simulated CNC machines over MQTT"
    );
    auto options = std::make_shared<SimulateOptions>();
    simulate->add_option("--device", options->devices, "Device id (repeatable: several machines)")
        ->required()
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    simulate->add_option("--interval", options->interval, "Time between readings of a machine")
        ->type_name("DURATION")
        ->capture_default_str();
    simulate->add_option(
        "--seed", options->seed, "The same seed gives the same values (default: random, and told)"
    );
    simulate
        ->add_option(
            "--fault",
            options->faults,
            "KIND[:METRIC]@START[/DURATION][*MAGNITUDE], KIND being spike, drift, stuck, gap, "
            "imbalance, decouple or skew; for example spike:temperature@60s/10s*5 (repeatable)"
        )
        ->type_name("SPEC")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    simulate->add_option("--duration", options->duration, "End after this time of the machines")
        ->type_name("DURATION");
    simulate->add_option("--count", options->count, "End after this many readings of each machine");
    simulate->add_option("--speed", options->speed, "How many times faster than real machines")
        ->capture_default_str();
    add_mqtt_target_options(*simulate, options->target);
    simulate->callback([options, &action] { action = [options] { return run_simulate(*options); }; }
    );
}

}  // namespace modax::cli
