// `modax`: parses the command line and runs one command.
#include "cli/command.hpp"
#include "core/version.hpp"

#include <exception>

int main(int argc, char** argv) try {
    using namespace modax::cli;
    CLI::App app{
        "modax: the gateway between machines that speak MQTT and the systems of a plant", "modax"};
    app.set_version_flag("--version", "modax " + std::string{modax::k_version});
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);

    Action action;
    add_serve(app, action);
    add_config(app, action);
    add_key(app, action);
    add_audit(app, action);
    add_user(app, action);
    add_opcua(app, action);
    add_role(app, action);
    add_pki(app, action);
    add_export(app, action);
    add_backup(app, action);
    add_db(app, action);
    add_connector(app, action);
    add_outbox(app, action);
    add_jq_worker(app, action);
    add_analyze(app, action);
    add_anomaly(app, action);
    add_replay(app, action);
    add_simulate(app, action);
    add_doctor(app, action);
    add_support_bundle(app, action);
    add_manual(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // CLI11 prints help and version as well as mistakes, and names them all errors.
        return app.exit(error) == 0 ? k_exit_ok : k_exit_usage;
    }
    return action();
} catch (const std::exception& error) {
    return modax::cli::report(error.what(), modax::cli::k_exit_failure);
}
