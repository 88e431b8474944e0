// What every command of `modax` is made of: it adds itself to the parser and is run by main().
#pragma once

#include "config/load.hpp"
#include "core/result.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::cli {

// Exit codes; the words of sysexits.h where there is one.
inline constexpr int k_exit_ok = 0;
inline constexpr int k_exit_failure = 1;
inline constexpr int k_exit_usage = 64;
inline constexpr int k_exit_unavailable = 69;
inline constexpr int k_exit_config = 78;

// Set by the command that was named; main() runs it after parsing.
using Action = std::function<int()>;

void add_analyze(CLI::App& app, Action& action);
void add_serve(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);  // check-config, config reference
void add_replay(CLI::App& app, Action& action);
void add_simulate(CLI::App& app, Action& action);
void add_anomaly(CLI::App& app, Action& action);  // list, explain
void add_audit(CLI::App& app, Action& action);
void add_key(CLI::App& app, Action& action);
void add_user(CLI::App& app, Action& action);
void add_role(CLI::App& app, Action& action);
void add_pki(CLI::App& app, Action& action);
void add_opcua(CLI::App& app, Action& action);
void add_export(CLI::App& app, Action& action);
void add_connector(CLI::App& app, Action& action);
void add_jq_worker(CLI::App& app, Action& action);  // hidden
void add_outbox(CLI::App& app, Action& action);
void add_db(CLI::App& app, Action& action);  // migrate, status, grant-bi
void add_backup(CLI::App& app, Action& action);  // backup, restore
void add_doctor(CLI::App& app, Action& action);
void add_support_bundle(CLI::App& app, Action& action);
// completion, manual: both tell of all commands, so they come last.
void add_manual(CLI::App& app, Action& action);

// --config, --set and --data-dir, shared by the commands that work on a gateway's data.
struct ConfigOptions {
    std::optional<std::string> file;
    std::vector<std::string> sets;
    std::optional<std::string> data_dir;
};
void add_config_options(CLI::App& command, ConfigOptions& options);
// Loads file, environment and --set; prints every problem and returns nullopt when there is one.
std::optional<config::Config> load_config(const ConfigOptions& options);

// "modax: detail" on standard error; returns the exit code that fits.
int report(const Error& error);
int report(std::string_view problem, int exit_code);

}  // namespace modax::cli
