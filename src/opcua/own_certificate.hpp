// The server's own certificate and key, in own/ of the trust folders. Internal to opcua.
#pragma once

#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace modax::opcua {

struct OwnCertificate {
    std::string certificate;  // DER
    Secret key;               // DER
};

// own/server.der and own/server.key; made when they are missing: self-signed, RSA 2048, SHA-256,
// two years, for the application URI and these hosts (names and addresses). Errors: io_error,
// data_loss (a file is no certificate).
Result<OwnCertificate> own_certificate(
    const std::filesystem::path& root,
    const std::vector<std::string>& hosts,
    FileSystem& files,
    Log& log
);

// Replaces both by new ones of the same kind. Errors: io_error.
Status renew_own_certificate(
    const std::filesystem::path& root, const std::vector<std::string>& hosts, FileSystem& files
);

// What is in own/ when certificate and key belong together; while only one of them is new they
// don't. Errors: not_found, io_error, data_loss.
Result<OwnCertificate> read_own_certificate(
    const std::filesystem::path& root, const FileSystem& files
);

}  // namespace modax::opcua
