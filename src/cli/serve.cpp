#include "app/gateway.hpp"
#include "cli/command.hpp"

#include <memory>

namespace modax::cli {

void add_serve(CLI::App& app, Action& action) {
    auto* serve = app.add_subcommand(
        "serve", "Run the gateway until SIGINT or SIGTERM; SIGHUP reads certificates again"
    );
    auto options = std::make_shared<ConfigOptions>();
    add_config_options(*serve, *options);
    serve->callback([options, &action] {
        action = [options] {
            const auto config = load_config(*options);
            if (!config) return k_exit_config;
            const auto gateway = app::Gateway::start(*config);
            if (!gateway) return report(gateway.error());
            (*gateway)->run();
            return k_exit_ok;
        };
    });
}

}  // namespace modax::cli
