// `modax opcua`: which clients the OPC UA server trusts, and why it refused one.
#include "app/identity.hpp"
#include "app/options.hpp"
#include "cli/command.hpp"
#include "opcua/renewal.hpp"
#include "opcua/trust_folders.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct OpcUaOptions {
    ConfigOptions config;
    std::string thumbprint;
};

// Runs with the trust folders of the data directory.
template <typename Work>
int with_folders(const OpcUaOptions& options, const Work& work) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    PosixFileSystem files;
    const SystemClock clock;
    const auto log = telemetry::make_log(app::log_options(*config));
    opcua::TrustFolders folders{app::opcua_folder(*config), files, clock, *log};
    if (auto opened = folders.open(); !opened) return report(opened.error());
    return work(folders, *config);
}

std::string_view state_name(OpcUaCertificate::State state) {
    switch (state) {
        case OpcUaCertificate::State::own:
            return "own";
        case OpcUaCertificate::State::trusted:
            return "trusted";
        case OpcUaCertificate::State::rejected:
            return "rejected";
    }
    return {};
}

int list_certificates(const OpcUaOptions& options) {
    return with_folders(options, [](opcua::TrustFolders& folders, const config::Config&) {
        const auto listed = folders.list();
        if (!listed) return report(listed.error());
        for (const auto& each : *listed) {
            std::cout << state_name(each.state) << '\t' << each.thumbprint << '\t' << each.subject
                      << '\t' << each.application_uri << "\tuntil "
                      << format_iso8601(each.not_after) << '\n';
            if (!each.finding.code.empty()) {
                std::cout << '\t' << each.finding.code << ": " << each.finding.fix << '\n';
            }
        }
        return k_exit_ok;
    });
}

// Trusts or no longer trusts, and puts that into the audit log.
int change(const OpcUaOptions& options, bool trust) {
    return with_folders(options, [&](opcua::TrustFolders& folders, const config::Config& config) {
        // The log first: without it nothing is changed.
        const auto identity = app::Identity::open(config);
        if (!identity) return report(identity.error());
        const auto changed =
            trust ? folders.trust(options.thumbprint) : folders.untrust(options.thumbprint);
        if (!changed) return report(changed.error());
        const auto recorded = (*identity)->record(
            trust ? "opcua_certificate.trust" : "opcua_certificate.untrust",
            "certificate:" + changed->thumbprint,
            changed->subject
        );
        if (!recorded) return report(recorded.error());
        std::cout << changed->subject << " (" << changed->thumbprint << ") is "
                  << (trust ? "trusted" : "not trusted any more")
                  << "; a running gateway sees it within two seconds.\n";
        return k_exit_ok;
    });
}

int renew(const OpcUaOptions& options) {
    return with_folders(options, [](opcua::TrustFolders& folders, const config::Config& config) {
        const auto identity = app::Identity::open(config);
        if (!identity) return report(identity.error());
        PosixFileSystem files;
        const auto renewed = opcua::renew(app::opcua_options(config), files);
        if (!renewed) return report(renewed.error());
        const auto listed = folders.list();
        if (!listed || listed->empty()) return report("the new certificate can't be read", 1);
        const auto& own = listed->front();
        const auto recorded = (*identity)->record(
            "opcua_certificate.renew", "certificate:" + own.thumbprint, own.subject
        );
        if (!recorded) return report(recorded.error());
        std::cout << own.subject << " (" << own.thumbprint << ") is good until "
                  << format_iso8601(own.not_after)
                  << ".\nA running gateway takes it within two seconds; sessions go on. Every "
                     "client has to trust it\nbefore it connects anew.\n";
        return k_exit_ok;
    });
}

}  // namespace

void add_opcua(CLI::App& app, Action& action) {
    CLI::App* command = app.add_subcommand("opcua", "Certificates of OPC UA clients");
    command->require_subcommand(1);
    const auto options = std::make_shared<OpcUaOptions>();
    CLI::App* list = command->add_subcommand(
        "list", "Own, trusted and rejected certificates, with what is wrong and the fix"
    );
    add_config_options(*list, options->config);
    list->callback([options, &action] {
        action = [options] { return list_certificates(*options); };
    });
    const auto add_change = [&](const char* name, const char* meaning, bool trust) {
        CLI::App* changing = command->add_subcommand(name, meaning);
        add_config_options(*changing, options->config);
        changing->add_option("thumbprint", options->thumbprint, "Its SHA-256, or 8 digits of it")
            ->required();
        changing->callback([options, trust, &action] {
            action = [options, trust] { return change(*options, trust); };
        });
    };
    add_change("trust", "Let the client of a rejected certificate in", true);
    add_change("untrust", "No longer let a client in", false);
    CLI::App* renewing = command->add_subcommand(
        "renew", "Make the server's own certificate and key anew; open sessions go on"
    );
    add_config_options(*renewing, options->config);
    renewing->callback([options, &action] { action = [options] { return renew(*options); }; });
}

}  // namespace modax::cli
