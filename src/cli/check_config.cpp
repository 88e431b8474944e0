#include "cli/command.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {

void add_config(CLI::App& app, Action& action) {
    auto* check = app.add_subcommand(
        "check-config",
        "Check the configuration and say what to do about each problem (exit code 0 or 78)"
    );
    auto options = std::make_shared<ConfigOptions>();
    add_config_options(*check, *options);
    check->add_option("FILE", options->file, "The same as --config FILE");
    check->callback([options, &action] {
        action = [options] {
            if (!load_config(*options)) return k_exit_config;
            std::cout << "The configuration is good.\n";
            return k_exit_ok;
        };
    });

    auto* config = app.add_subcommand("config", "About the configuration");
    config->require_subcommand(1);
    config
        ->add_subcommand(
            "reference", "Print the default configuration file with every key explained"
        )
        ->callback([&action] {
            action = [] {
                std::cout << config::reference();
                return k_exit_ok;
            };
        });
}

}  // namespace modax::cli
