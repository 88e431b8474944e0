// What `modax pki` does with a directory: an authority for development in it, certificates of a
// server and of clients, and the list of what is revoked. Also used by `modax serve --profile
// test`. One thread.
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/result.hpp"
#include "security/development_authority.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace modax::cli {

inline constexpr std::string_view k_revocation_list = "ca.crl";

struct PkiRequest {
    std::filesystem::path directory = "pki";
    std::vector<std::string> hosts;    // besides localhost and its addresses
    std::vector<std::string> clients;  // common names: MQTT users
    unsigned days = 90;
    std::string revocation_url;  // empty: where a gateway on the first host serves it
};

// ca.crt, ca.key, ca.crl, server.crt, server.key and NAME.crt, NAME.key of each client. Errors:
// already_exists (there is an authority), invalid_argument, io_error.
Status make_development_pki(const PkiRequest& request, FileSystem& files, const Clock& clock);

// With the authority that is there already.
Status issue_server(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
);
Status issue_clients(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
);
// Adds the clients of the request to the list.
Status write_revocation_list(
    const security::DevelopmentAuthority& authority, FileSystem& files, const PkiRequest& request
);

}  // namespace modax::cli
