// `modax connector`: checks connector files and shows what they would send; sends nothing.
#include "cli/command.hpp"
#include "connectors/definition.hpp"
#include "connectors/jq.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct ConnectorOptions {
    std::string file;
    std::string event;
    std::string type = "production.completed";
};

int check(const ConnectorOptions& options) {
    const auto read = connectors::read_definition(options.file);
    if (!read) return report(read.error().detail, k_exit_config);
    std::cout << options.file << ": the connector '" << read->name << "' is well-formed.\n";
    return k_exit_ok;
}

int dry_run(const ConnectorOptions& options) {
    const auto read = connectors::read_definition(options.file);
    if (!read) return report(read.error().detail, k_exit_config);
    const auto body = PosixFileSystem{}.read(options.event);
    if (!body) return report(body.error());
    BusinessEvent event;
    event.id = std::string(32, '0');
    event.type = options.type;
    event.object_key = "order:0";
    event.time = SystemClock{}.now();
    event.body = *body;
    const auto mapped = connectors::Jq{"/proc/self/exe"}.run(
        read->mapping, connectors::mapping_input(event, read->settings)
    );
    if (!mapped) return report(mapped.error());
    std::cerr
        << (*mapped == "null"
                ? "Nothing would be sent.\n"
                : read->method + ' ' + connectors::filled_in(read->url, event) + '\n');
    std::cout << *mapped << '\n';
    return k_exit_ok;
}

}  // namespace

void add_connector(CLI::App& app, Action& action) {
    auto* connector = app.add_subcommand("connector", "Files that say what is delivered where");
    connector->require_subcommand(1);
    const auto options = std::make_shared<ConnectorOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const ConnectorOptions&)) {
        command->add_option("FILE", options->file, "The connector file")->required();
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };
    run(connector->add_subcommand("check", "Check a file; tells every problem with its line"),
        check);
    auto* dry =
        connector->add_subcommand("dry-run", "Print what an event would send; sends nothing");
    dry->add_option("--event", options->event, "A file with the event's body as JSON")->required();
    dry->add_option("--type", options->type, "The event's type")->capture_default_str();
    run(dry, dry_run);
}

void add_jq_worker(CLI::App& app, Action& action) {
    // Started by the gateway itself, so the help does not show it.
    app.add_subcommand(connectors::k_jq_worker_command, "")->group("")->callback([&action] {
        action = connectors::run_jq_worker;
    });
}

}  // namespace modax::cli
