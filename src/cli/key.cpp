// `modax key`: API keys of a data directory, with the gateway running or not.
#include "app/identity.hpp"
#include "cli/command.hpp"
#include "core/clock.hpp"
#include "core/duration_text.hpp"
#include "core/scopes.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct KeyOptions {
    ConfigOptions config;
    std::string id;
    std::string name;
    std::vector<std::string> scopes;
    std::vector<std::string> devices;
    std::vector<std::string> networks;
    std::string expires = "90d";
    std::string overlap = "7d";
};

std::string joined(const std::vector<std::string>& words, std::string_view none) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
    return text.empty() ? std::string{none} : text;
}

// Runs with the keys of the data directory.
template <typename Work>
int with_keys(const ConfigOptions& options, const Work& work) {
    const auto config = load_config(options);
    if (!config) return k_exit_config;
    const auto identity = app::Identity::open(*config);
    if (!identity) return report(identity.error());
    return work((*identity)->keys());
}

void print_new(const CreatedKey& created) {
    std::cerr << "This is the only time that the key is shown. Id " << created.key.id << ", ends "
              << (created.key.expires ? format_iso8601(*created.key.expires) : "never") << ".\n";
    // Alone on standard output, so that it can go into a file.
    std::cout << created.text.reveal() << '\n';
}

int create(const KeyOptions& options) {
    KeySpec spec{options.name, options.scopes, options.devices, std::nullopt, options.networks};
    const SystemClock clock;
    if (const auto time = parse_iso8601(options.expires)) {
        spec.expires = *time;
    } else if (const auto duration = parse_duration(options.expires)) {
        spec.expires = clock.now() + *duration;
    } else {
        return report(
            "--expires: '" + options.expires +
                "' is neither a duration such as 90d nor an ISO 8601 time",
            k_exit_usage
        );
    }
    return with_keys(options.config, [&](KeyAdministration& keys) {
        const auto created = keys.create(spec, app::Identity::origin());
        if (!created) return report(created.error());
        print_new(*created);
        return k_exit_ok;
    });
}

int rotate(const KeyOptions& options) {
    const auto overlap = parse_duration(options.overlap);
    if (!overlap) {
        return report(
            "--overlap: '" + options.overlap + "' is no duration such as 7d", k_exit_usage
        );
    }
    return with_keys(options.config, [&](KeyAdministration& keys) {
        const auto created = keys.rotate(
            options.id, std::chrono::ceil<std::chrono::seconds>(*overlap), app::Identity::origin()
        );
        if (!created) return report(created.error());
        print_new(*created);
        return k_exit_ok;
    });
}

int revoke(const KeyOptions& options) {
    return with_keys(options.config, [&](KeyAdministration& keys) {
        if (auto revoked = keys.revoke(options.id, app::Identity::origin()); !revoked) {
            return report(revoked.error());
        }
        std::cout << "Key " << options.id << " is revoked; a running gateway refuses it within a "
                  << "second.\n";
        return k_exit_ok;
    });
}

int list(const KeyOptions& options) {
    return with_keys(options.config, [](KeyAdministration& keys) {
        const auto now = SystemClock{}.now();
        for (const ApiKey& key : keys.list()) {
            const bool expired = key.expires && now >= *key.expires;
            std::cout << key.id << "  "
                      << (key.revoked ? "revoked"
                          : expired   ? "expired"
                                      : "active ")
                      << "  " << key.name << "  scopes " << joined(key.scopes, "none")
                      << "  devices " << joined(key.devices, "all") << "  networks "
                      << joined(key.networks, "any") << "  ends "
                      << (key.expires ? format_iso8601(*key.expires) : "never") << "  last used "
                      << (key.last_used ? format_iso8601(*key.last_used) : "never");
            if (!key.successor.empty()) std::cout << "  successor " << key.successor;
            std::cout << '\n';
        }
        return k_exit_ok;
    });
}

std::string scope_help() {
    std::string help = "What it may do, separated by commas:";
    for (const Scope& scope : k_scopes) {
        help += "\n  ";
        help += scope.name;
        help += ": ";
        help += scope.meaning;
    }
    return help;
}

}  // namespace

void add_key(CLI::App& app, Action& action) {
    auto* key = app.add_subcommand("key", "API keys of REST and WebSocket");
    key->require_subcommand(1);
    const auto options = std::make_shared<KeyOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const KeyOptions&)) {
        add_config_options(*command, options->config);
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };

    auto* make = key->add_subcommand("create", "Make a key; it is printed once");
    make->add_option("--name", options->name, "Who uses it")->required();
    make->add_option("--scopes", options->scopes, scope_help())->delimiter(',')->required();
    make->add_option("--devices", options->devices, "Device ids, with '*'; default: all")
        ->delimiter(',');
    make->add_option(
            "--networks", options->networks, "From where, such as 10.1.0.0/16; default: anywhere"
    )
        ->delimiter(',');
    make->add_option("--expires", options->expires, "A duration or a time")->capture_default_str();
    run(make, create);

    auto* change = key->add_subcommand("rotate", "Make a successor; both work for a while");
    change->add_option("ID", options->id, "The key's id, see `modax key list`")->required();
    change->add_option("--overlap", options->overlap, "How long the old one works on; at most 30d")
        ->capture_default_str();
    run(change, rotate);

    auto* end = key->add_subcommand("revoke", "End a key at once");
    end->add_option("ID", options->id, "The key's id, see `modax key list`")->required();
    run(end, revoke);

    run(key->add_subcommand("list", "All keys, with ended ones"), list);
}

}  // namespace modax::cli
