// Whom the server trusts: the folders own, trusted/{certs,crl}, issuers/{certs,crl} and rejected
// (PROMISES 3.3). An empty trust list means nobody. Owned by the server, or by a command.
#pragma once

#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/opcua.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace modax::opcua {

struct TrustedCertificates;

// Thread-safe. check() is from memory; everything else blocks on the disk.
class TrustFolders {
public:
    // The references must outlive this object.
    TrustFolders(std::filesystem::path root, FileSystem& files, const Clock& clock, Log& log);
    ~TrustFolders();

    // Makes the folders and reads them. Errors: io_error.
    Status open();
    // Reads the folders again when something in them has changed. A file that is neither a
    // certificate nor a revocation list is logged and left out: it must not lock everybody out.
    void look();

    // What is wrong with a client's certificate (DER); an empty code: nothing.
    CertificateFinding check(std::string_view der) const;
    // The same for the certificate of a user.
    CertificateFinding check_user(std::string_view der) const;
    // Keeps a refused certificate so that it can be looked at and trusted: at most 100, the oldest
    // goes first.
    Status keep_rejected(std::string_view der, const CertificateFinding& finding);

    Result<std::vector<OpcUaCertificate>> list() const;
    // As OpcUaAdministration.
    Result<OpcUaCertificate> trust(std::string_view thumbprint);
    Result<OpcUaCertificate> untrust(std::string_view thumbprint);

    const std::filesystem::path& root() const { return root_; }

private:
    using State = std::map<std::string, std::int64_t>;  // files with times and sizes

    State state() const;
    std::shared_ptr<const TrustedCertificates> trusted() const;
    std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) const;
    Result<OpcUaCertificate> move_certificate(
        std::string_view thumbprint,
        const std::filesystem::path& from,
        const std::filesystem::path& to
    );

    const std::filesystem::path root_;
    FileSystem& files_;
    const Clock& clock_;
    Log& log_;
    mutable std::mutex mutex_;
    State read_state_;
    std::shared_ptr<const TrustedCertificates> trusted_;
};

}  // namespace modax::opcua
