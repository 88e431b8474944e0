// `modax anomaly`: what the analysis found, and why, with the gateway running or not.
#include "analysis/evidence.hpp"
#include "app/identity.hpp"
#include "cli/anomaly_what_if.hpp"
#include "cli/command.hpp"
#include "core/analysis_json.hpp"
#include "core/flat_json.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct AnomalyOptions {
    ConfigOptions config;
    std::string device;
    std::size_t limit = 20;
    bool all = false;
    std::uint64_t id = 0;
    bool json = false;
};

std::string number_text(double value) {
    std::string text;
    append_json_number(text, value);
    return text;
}

std::string line_of(const AnalysisRecord& record) {
    const Analysis& analysis = record.analysis;
    std::string line = std::to_string(record.id) + ' ' + format_iso8601(analysis.time) + ' ' +
                       analysis.device->id() + ' ' + number_text(analysis.anomaly_score) + ' ';
    line += analysis.anomaly_type ? name_of(*analysis.anomaly_type) : std::string_view{"-"};
    if (!analysis.message.empty()) line += ": " + analysis.message;
    // The names of metrics are the machines'; they must not move the cursor of a terminal.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?'
    );
    return line;
}

void print(const AnomalyOptions& options, const AnalysisRecord& record) {
    if (!options.json) {
        std::cout << line_of(record) << '\n';
        return;
    }
    std::string out;
    append_analysis_json(out, record);
    std::cout << out << '\n';
}

int list(const AnomalyOptions& options, app::Identity& identity) {
    AnalysisQuery query;
    query.limit = options.limit;
    query.anomalies_only = !options.all;
    if (!options.device.empty()) {
        query.device = identity.devices().find(options.device);
        if (query.device == nullptr) {
            return report("there is no device '" + options.device + "'", k_exit_failure);
        }
    }
    auto found = identity.analyses().analyses(query);
    if (!found) return report(found.error());
    std::reverse(found->begin(), found->end());
    for (const AnalysisRecord& record : *found) print(options, record);
    if (found->empty()) std::cerr << "nothing was found\n";
    return k_exit_ok;
}

int explain(const AnomalyOptions& options, app::Identity& identity) {
    const auto record = identity.analyses().analysis(options.id);
    if (!record) return report(record.error());
    print(options, *record);
    const Analysis& analysis = record->analysis;
    if (!options.json) {
        for (const ContributingMetric& metric : analysis.metrics) {
            std::cout << "  " << metric.name << " was " << number_text(metric.observed)
                      << ", expected " << number_text(metric.expected_low) << " to "
                      << number_text(metric.expected_high) << " (" << name_of(metric.type) << ", "
                      << number_text(metric.score) << ")\n";
        }
        for (const auto& sentence : analysis.recommendations) std::cout << "  " << sentence << '\n';
    }
    if (record->evidence.empty()) {
        std::cout << "  no evidence was kept: it is kept where an alarm begins\n";
        return k_exit_ok;
    }
    const auto row = analysis::recompute(*analysis.device, {}, record->evidence);
    if (!row) return report(row.error());
    const bool same = row->score == record->row_score;
    std::cout << "  computed again from the evidence: score of the reading "
              << number_text(row->score)
              << (same ? ", the same to the bit" : ", which is NOT what was stored: ")
              << (same ? std::string{} : number_text(record->row_score)) << " (model "
              << analysis.model_version << ")\n";
    return same ? k_exit_ok : k_exit_failure;
}

CLI::App* add(
    CLI::App& parent,
    Action& action,
    const std::shared_ptr<AnomalyOptions>& options,
    const std::pair<const char*, const char*>& name,
    int (*work)(const AnomalyOptions&, app::Identity&)
) {
    auto* command = parent.add_subcommand(name.first, name.second);
    add_config_options(*command, options->config);
    command->add_flag("--json", options->json, "A JSON object for each instead of a line");
    command->callback([options, work, &action] {
        action = [options, work] {
            const auto config = load_config(options->config);
            if (!config) return k_exit_config;
            const auto identity = app::Identity::open_existing(*config);
            if (!identity) return report(identity.error());
            return work(*options, **identity);
        };
    });
    return command;
}

}  // namespace

void add_anomaly(CLI::App& app, Action& action) {
    auto* anomaly = app.add_subcommand("anomaly", "What the analysis found, and why");
    anomaly->require_subcommand(1);
    auto options = std::make_shared<AnomalyOptions>();
    auto* listed =
        add(*anomaly, action, options, {"list", "Print the newest findings, the newest last"}, list
        );
    listed->add_option("--device", options->device, "Only of this device");
    listed->add_option("-n,--limit", options->limit, "How many")->check(CLI::Range(1, 100'000));
    listed->add_flag("--all", options->all, "What was no anomaly, too");
    auto* explained = add(
        *anomaly,
        action,
        options,
        {"explain", "Say what a finding rests on, and compute its score again from the evidence"},
        explain
    );
    explained->add_option("ID", options->id, "The number that `list` prints first")->required();
    add_what_if(*anomaly, action);
}

}  // namespace modax::cli
