#include "app/gateway.hpp"
#include "cli/command.hpp"
#include "cli/test_profile.hpp"

#include <memory>
#include <string>

namespace modax::cli {
namespace {

struct ServeOptions {
    ConfigOptions config;
    std::string profile;
};

int serve(ServeOptions options) {
    const bool test = options.profile == "test";
    if (test) {
        if (auto prepared = TestProfile::prepare(options.config); !prepared) {
            return report(prepared.error());
        }
    }
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    if (test) {
        if (auto made = TestProfile::make_identity(*config); !made) return report(made.error());
    }
    const auto gateway = app::Gateway::start(*config);
    if (!gateway) return report(gateway.error());
    TestProfile profile;
    if (test) {
        if (auto begun = profile.begin(*config); !begun) return report(begun.error());
    }
    (*gateway)->run();
    return k_exit_ok;
}

}  // namespace

void add_serve(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand(
        "serve", "Run the gateway until SIGINT or SIGTERM; SIGHUP reads certificates again"
    );
    auto options = std::make_shared<ServeOptions>();
    add_config_options(*command, options->config);
    command
        ->add_option(
            "--profile",
            options->profile,
            "test: an instance for integration development, with certificates, a key, users and "
            "the simulated machine test-device-01"
        )
        ->check(CLI::IsMember({"test"}));
    command->callback([options, &action] { action = [options] { return serve(*options); }; });
}

}  // namespace modax::cli
