// `modax pki`: certificates for development, and what any certificate says.
#include "cli/command.hpp"
#include "cli/development_pki.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "security/certificate.hpp"
#include "security/development_authority.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

constexpr std::string_view k_real_certificates =
    "For production take certificates of your own authority: name the PEM files (the server's\n"
    "certificate first, then its intermediates) in tls.certificate_file, the key (mode 0600) in\n"
    "tls.key_file, and the authority of client certificates in tls.client_ca_file. The gateway "
    "reads\nchanged files by itself; environment = \"production\" refuses development "
    "certificates.\n";

struct PkiOptions : PkiRequest {
    std::filesystem::path file;  // of `show`
};

Status revoke(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& options
) {
    if (auto written = write_revocation_list(authority, files, options); !written) return written;
    for (const auto& client : options.clients) std::cout << "revoked " << client << '\n';
    std::cout
        << "A gateway with tls.client_crl_file = \""
        << std::filesystem::absolute(options.directory / k_revocation_list).string()
        << "\" refuses new connections with it within seconds. Open ones end when the user is\n"
           "removed or changed (`modax user`).\n";
    return {};
}

void tell_of_clients(const PkiRequest& request) {
    for (const auto& client : request.clients) {
        std::cout << "client " << client << ": " << (request.directory / client).string()
                  << ".crt, .key\n";
    }
}

int init(const PkiOptions& options) {
    PosixFileSystem files;
    if (auto made = make_development_pki(options, files, SystemClock{}); !made) {
        return report(made.error());
    }
    std::cout << "server: " << (options.directory / "server").string() << ".crt, .key\n";
    tell_of_clients(options);
    const auto directory = std::filesystem::absolute(options.directory).string();
    std::cout << "Made a development authority for " << options.days << " days in " << directory
              << ".\nTo use it, put this into modax.toml:\n\n[tls]\ncertificate_file = \""
              << directory << "/server.crt\"\nkey_file = \"" << directory
              << "/server.key\"\nclient_ca_file = \"" << directory
              << "/ca.crt\"\nclient_crl_file = \"" << directory
              << "/ca.crl\"\n\n[https]\nenabled = true\n\n[mqtts]\nenabled = true\n\n"
              << "Clients trust " << directory << "/ca.crt.\n\n"
              << k_real_certificates;
    return k_exit_ok;
}

// With the authority that `init` made.
int issue(
    const PkiOptions& options,
    Status (*with)(const security::DevelopmentAuthority&, FileSystem&, const PkiRequest&)
) {
    PosixFileSystem files;
    const SystemClock clock;
    const auto certificate = files.read(options.directory / "ca.crt");
    if (!certificate) return report(certificate.error());
    const auto key = files.read(options.directory / "ca.key");
    if (!key) return report(key.error());
    const auto authority = security::DevelopmentAuthority::load(*certificate, Secret{*key}, clock);
    if (!authority) return report(authority.error());
    if (auto issued = with(*authority, files, options); !issued) return report(issued.error());
    return k_exit_ok;
}

int show(const PkiOptions& options) {
    const PosixFileSystem files;
    const auto pem = files.read(options.file);
    if (!pem) return report(pem.error());
    const auto facts = security::read_certificate(*pem);
    if (!facts) return report(facts.error());
    std::cout << "subject     " << facts->subject << "\nissuer      " << facts->issuer
              << "\nvalid from  " << format_iso8601(facts->not_before) << "\nvalid until "
              << format_iso8601(facts->not_after) << "\nnames       ";
    for (const auto& name : facts->names) std::cout << name << ' ';
    std::cout << "\nthumbprint  " << facts->thumbprint << "\nuse         "
              << (facts->development ? "development only" : "any") << '\n';
    return k_exit_ok;
}

}  // namespace

void add_pki(CLI::App& app, Action& action) {
    auto* pki = app.add_subcommand("pki", "Certificates for development; show any certificate");
    pki->require_subcommand(1);
    const auto options = std::make_shared<PkiOptions>();
    const auto add_directory = [&options](CLI::App* command) {
        command->add_option("--dir", options->directory, "Where the authority is")
            ->capture_default_str();
    };
    constexpr const char* k_host =
        "A name or address of the gateway, besides localhost; repeatable";

    auto* init_command = pki->add_subcommand(
        "init", "Make a development authority with certificates for a server and clients"
    );
    add_directory(init_command);
    init_command->add_option("--host", options->hosts, k_host);
    init_command->add_option(
        "--client", options->clients, "A client, by its MQTT user name; repeatable"
    );
    init_command->add_option("--days", options->days, "How long all of it is valid")
        ->check(CLI::Range(1, 825))
        ->capture_default_str();
    init_command->add_option(
        "--revocation-url",
        options->revocation_url,
        "Where clients find what is revoked; default: http://HOST:8080/pki/ca.crl, which a gateway "
        "serves"
    );
    init_command->callback([&action, options] { action = [options] { return init(*options); }; });

    auto* server = pki->add_subcommand("server", "Make the server's certificate anew");
    add_directory(server);
    server->add_option("--host", options->hosts, k_host);
    server->callback([&action, options] {
        action = [options] {
            const int done = issue(*options, issue_server);
            if (done == k_exit_ok) {
                std::cout << "server: " << (options->directory / "server").string()
                          << ".crt, .key\n";
            }
            return done;
        };
    });

    auto* client = pki->add_subcommand("client", "Make certificates for clients");
    add_directory(client);
    client->add_option("NAME", options->clients, "The MQTT user")->required();
    client->callback([&action, options] {
        action = [options] {
            const int done = issue(*options, issue_clients);
            if (done == k_exit_ok) tell_of_clients(*options);
            return done;
        };
    });

    auto* revoke_command = pki->add_subcommand(
        "revoke", "Revoke certificates of clients, in ca.crl beside the authority"
    );
    add_directory(revoke_command);
    revoke_command->add_option("NAME", options->clients, "The MQTT user")->required();
    revoke_command->callback([&action, options] {
        action = [options] { return issue(*options, revoke); };
    });

    auto* show_command = pki->add_subcommand("show", "Tell what a certificate says");
    show_command->add_option("FILE", options->file, "A certificate in PEM form")->required();
    show_command->callback([&action, options] { action = [options] { return show(*options); }; });
}

}  // namespace modax::cli
