#include "cli/development_pki.hpp"

namespace modax::cli {
namespace {

// Keys first: a certificate is never there without its key.
Status write_pair(
    FileSystem& files,
    const std::filesystem::path& directory,
    const std::string& name,
    const security::IssuedCertificate& issued
) {
    if (auto written = files.write_atomic(directory / (name + ".key"), issued.key.reveal(), 0600);
        !written) {
        return written;
    }
    return files.write_atomic(directory / (name + ".crt"), issued.certificate, 0644);
}

bool is_file_name(const std::string& name) {
    return !name.empty() && name.front() != '.' &&
           name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
           ) == std::string::npos &&
           name != "ca" && name != "server";
}

}  // namespace

Status issue_clients(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
) {
    for (const auto& client : request.clients) {
        if (!is_file_name(client)) {
            return fail(
                Errc::invalid_argument,
                "'" + client +
                    "' can't name a client: letters, digits, '.', '_' and '-'; not ca or "
                    "server"
            );
        }
        const auto issued = authority.issue_client(client);
        if (!issued) return tl::make_unexpected(issued.error());
        if (auto written = write_pair(files, request.directory, client, *issued); !written) {
            return written;
        }
    }
    return {};
}

Status issue_server(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
) {
    std::vector<std::string> hosts{"localhost", "127.0.0.1", "::1"};
    hosts.insert(hosts.begin(), request.hosts.begin(), request.hosts.end());
    const auto issued = authority.issue_server(hosts);
    if (!issued) return tl::make_unexpected(issued.error());
    if (auto written = write_pair(files, request.directory, "server", *issued); !written) {
        return written;
    }
    return {};
}

Status write_revocation_list(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
) {
    std::vector<std::string> revoked;
    for (const auto& client : request.clients) {
        auto pem = files.read(request.directory / (client + ".crt"));
        if (!pem) return tl::make_unexpected(pem.error());
        revoked.push_back(std::move(*pem));
    }
    const auto file = request.directory / k_revocation_list;
    std::string previous;
    if (files.exists(file)) {
        auto read = files.read(file);
        if (!read) return tl::make_unexpected(read.error());
        previous = std::move(*read);
    }
    const auto list = authority.revocation_list(previous, revoked);
    if (!list) return tl::make_unexpected(list.error());
    return files.write_atomic(file, *list, 0644);
}

Status make_development_pki(const PkiRequest& request, FileSystem& files, const Clock& clock) {
    if (files.exists(request.directory / "ca.crt")) {
        return fail(
            Errc::already_exists,
            "there is an authority in " + request.directory.string() +
                ": add to it with `modax pki server` or `modax pki client`, or choose another --dir"
        );
    }
    auto authority_hosts = request.hosts;
    authority_hosts.emplace_back("localhost");
    const auto revocation_url = request.revocation_url.empty()
                                    ? "http://" + authority_hosts.front() + ":8080/pki/ca.crl"
                                    : request.revocation_url;
    const auto authority = security::DevelopmentAuthority::create(
        authority_hosts, std::chrono::days{request.days}, revocation_url, clock
    );
    if (!authority) return tl::make_unexpected(authority.error());
    const auto own = authority->pem();
    if (!own) return tl::make_unexpected(own.error());
    Status made = files.create_directories(request.directory, 0700);
    if (made) made = write_pair(files, request.directory, "ca", *own);
    if (made) made = issue_server(*authority, files, request);
    if (made) made = issue_clients(*authority, files, request);
    PkiRequest nobody = request;
    nobody.clients.clear();
    if (made) made = write_revocation_list(*authority, files, nobody);
    return made;
}

}  // namespace modax::cli
