#include "cli/command.hpp"

#include <iostream>

namespace modax::cli {

void add_config_options(CLI::App& command, ConfigOptions& options) {
    command.add_option("-c,--config", options.file, "Configuration file (modax.toml)")
        ->type_name("FILE");
    command
        .add_option(
            "--set", options.sets, "Override one value, for example --set http.port=0 (repeatable)"
        )
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_option("--data-dir", options.data_dir, "Where everything is kept (data_dir)")
        ->type_name("DIR");
}

std::optional<config::Config> load_config(const ConfigOptions& options) {
    config::Sources sources;
    if (options.file) sources.file = *options.file;
    sources.sets = options.sets;
    if (options.data_dir) sources.sets.push_back("data_dir=" + *options.data_dir);
    sources.environment = config::process_environment();
    auto loaded = config::load(sources);
    if (loaded) return std::move(*loaded);
    for (const auto& problem : loaded.error()) std::cerr << "modax: " << problem.line() << '\n';
    return std::nullopt;
}

int report(std::string_view problem, int exit_code) {
    std::cerr << "modax: " << problem << '\n';
    return exit_code;
}

int report(const Error& error) {
    switch (error.code) {
        case Errc::invalid_argument:
            return report(error.detail, k_exit_usage);
        case Errc::unavailable:
        case Errc::timed_out:
            return report(error.detail, k_exit_unavailable);
        default:
            return report(error.detail, k_exit_failure);
    }
}

}  // namespace modax::cli
