// `modax doctor`: what stands in the way of a gateway, and what to do about it.
#include "app/diagnosis.hpp"
#include "cli/command.hpp"
#include "cli/gateway_status.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/json_object.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

using app::Finding;

struct DoctorOptions {
    ConfigOptions config;
    bool json = false;
};

// Each part of a running gateway, as /ready has it.
void add_parts(const config::Config& config, std::vector<Finding>& findings) {
    const auto ready = ask_running_gateway(config, "/ready");
    if (!ready) {
        const bool none = ready.error().code == Errc::not_found;
        findings.push_back(
            {"gateway",
             none ? Finding::State::unknown : Finding::State::problem,
             ready.error().detail,
             none ? "" : "its log says why; restart it"}
        );
        return;
    }
    const auto answer = nlohmann::json::parse(*ready, nullptr, false);
    if (!answer.is_object() || !answer.contains("parts")) return;
    for (const auto& part : answer["parts"]) {
        const bool good = part.value("ready", false);
        findings.push_back(
            {"gateway: " + part.value("part", ""),
             good ? Finding::State::good : Finding::State::problem,
             good ? "ready" : part.value("detail", "")}
        );
    }
}

void print(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        std::cout << std::left << std::setw(9) << name_of(finding.state) << std::setw(20)
                  << finding.check << finding.text << '\n';
        if (!finding.fix.empty())
            std::cout << std::setw(29) << ""
                      << "-> " << finding.fix << '\n';
    }
}

void print_json(const std::vector<Finding>& findings) {
    std::string out = "[";
    for (const Finding& finding : findings) {
        out += out.size() > 1 ? ",\n " : "\n ";
        out += JsonObject{}
                   .text("check", finding.check)
                   .text("state", name_of(finding.state))
                   .text("text", finding.text)
                   .text("fix", finding.fix)
                   .take();
    }
    std::cout << out << "\n]\n";
}

int run(const DoctorOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    auto findings = app::diagnose(*config, PosixFileSystem{}, SystemClock{});
    add_parts(*config, findings);
    if (options.json) {
        print_json(findings);
    } else {
        print(findings);
    }
    const auto problems = std::count_if(findings.begin(), findings.end(), [](const Finding& one) {
        return one.state == Finding::State::problem;
    });
    if (problems == 0) return k_exit_ok;
    return report(
        std::to_string(problems) + (problems == 1 ? " problem" : " problems"), k_exit_failure
    );
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
    auto* doctor = app.add_subcommand(
        "doctor",
        "Look for what stands in the way of the gateway: clock, disk, ports, certificates, keys, "
        "connectors; exit code 1 when there is a problem"
    );
    const auto options = std::make_shared<DoctorOptions>();
    add_config_options(*doctor, options->config);
    doctor->add_flag("--json", options->json, "Print the findings as JSON");
    doctor->callback([&action, options] { action = [options] { return run(*options); }; });
}

}  // namespace modax::cli
