#include "opcua/trust_folders.hpp"

#include "opcua/certificate_rules.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace modax::opcua {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_max_rejected = 100;
constexpr std::chrono::days k_own_warning{60};
constexpr std::size_t k_min_thumbprint = 8;
constexpr std::array<std::string_view, 6> k_folders{
    "own", "trusted/certs", "trusted/crl", "issuers/certs", "issuers/crl", "rejected"};

// Beside a rejected certificate: the code, and in the second line the fix.
fs::path reason_file(fs::path certificate) {
    return certificate.replace_extension(".reason");
}

}  // namespace

TrustFolders::TrustFolders(fs::path root, FileSystem& files, const Clock& clock, Log& log)
    : root_{std::move(root)},
      files_{files},
      clock_{clock},
      log_{log},
      trusted_{std::make_shared<const TrustedCertificates>()} {}

TrustFolders::~TrustFolders() = default;

Status TrustFolders::open() {
    for (const auto folder : k_folders) {
        if (auto made = files_.create_directories(root_ / folder, 0700); !made) return made;
    }
    look();
    return {};
}

std::vector<fs::path> TrustFolders::files_in(const fs::path& folder) const {
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
        if (entry.is_regular_file(error)) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
}

TrustFolders::State TrustFolders::state() const {
    State state;
    for (const auto folder : {"trusted/certs", "trusted/crl", "issuers/certs", "issuers/crl"}) {
        for (const auto& file : files_in(root_ / folder)) {
            std::error_code error;
            const auto time = fs::last_write_time(file, error).time_since_epoch().count();
            state[file.string()] = time ^ static_cast<std::int64_t>(fs::file_size(file, error));
        }
    }
    return state;
}

void TrustFolders::look() {
    auto now = state();
    {
        const std::lock_guard lock{mutex_};
        if (now == read_state_) return;
    }
    auto read = std::make_shared<TrustedCertificates>();
    const auto take = [&](std::string_view folder, auto& list, auto parse) {
        for (const auto& file : files_in(root_ / folder)) {
            const auto bytes = files_.read(file);
            if (auto object = bytes ? parse(*bytes) : nullptr) {
                list.push_back(std::move(object));
                continue;
            }
            log_.warn(
                "opcua",
                "a file in the trust folders can't be understood and is left out: remove it, or "
                "put a DER or PEM file there",
                {{"file", file.string()}}
            );
        }
    };
    take("trusted/certs", read->trusted, parse_certificate);
    take("issuers/certs", read->issuers, parse_certificate);
    take("trusted/crl", read->revocation_lists, parse_revocation_list);
    take("issuers/crl", read->revocation_lists, parse_revocation_list);
    const std::lock_guard lock{mutex_};
    read_state_ = std::move(now);
    trusted_ = std::move(read);
}

CertificateFinding TrustFolders::check(std::string_view der) const {
    const auto certificate = parse_certificate(der);
    if (!certificate) return {"not_a_certificate", "the client sent no X.509 certificate"};
    if (auto wrong = check_form(*certificate, clock_.now()); !wrong.code.empty()) return wrong;
    return check_trust(*certificate, *trusted());
}

CertificateFinding TrustFolders::check_user(std::string_view der) const {
    const auto certificate = parse_certificate(der);
    if (!certificate) return {"not_a_certificate", "the user's token holds no X.509 certificate"};
    if (auto wrong = check_time(*certificate, clock_.now()); !wrong.code.empty()) return wrong;
    return check_trust(*certificate, *trusted());
}

std::shared_ptr<const TrustedCertificates> TrustFolders::trusted() const {
    const std::lock_guard lock{mutex_};
    return trusted_;
}

Status TrustFolders::keep_rejected(std::string_view der, const CertificateFinding& finding) {
    const auto certificate = parse_certificate(der);
    if (!certificate) return {};
    const auto file = root_ / "rejected" / (thumbprint_of(*certificate) + ".der");
    if (!files_.exists(file)) {
        auto kept = files_in(root_ / "rejected");
        std::erase_if(kept, [](const fs::path& each) { return each.extension() != ".der"; });
        if (kept.size() >= k_max_rejected) {
            std::error_code error;
            const auto oldest = *std::min_element(kept.begin(), kept.end(), [&](auto& a, auto& b) {
                return fs::last_write_time(a, error) < fs::last_write_time(b, error);
            });
            fs::remove(oldest, error);
            fs::remove(reason_file(oldest), error);
        }
        if (auto written = files_.write_atomic(file, to_der(*certificate), 0600); !written) {
            return written;
        }
    }
    return files_.write_atomic(reason_file(file), finding.code + '\n' + finding.fix + '\n', 0600);
}

Result<std::vector<OpcUaCertificate>> TrustFolders::list() const {
    using State = OpcUaCertificate::State;
    std::vector<OpcUaCertificate> listed;
    const auto take = [&](std::string_view folder, State state) {
        for (const auto& file : files_in(root_ / folder)) {
            const auto bytes = files_.read(file);
            const auto certificate = bytes ? parse_certificate(*bytes) : nullptr;
            if (!certificate) continue;
            auto summary = summary_of(*certificate);
            summary.state = state;
            // An authority in the trust list is there for others.
            const bool authority = X509_check_ca(certificate.get()) > 0;
            if (!authority) summary.finding = check_form(*certificate, clock_.now());
            if (state == State::own && summary.finding.code.empty() &&
                summary.not_after - clock_.now() < k_own_warning) {
                summary.finding = {
                    "expires_soon",
                    "make a new one with `modax opcua renew`; clients have to trust it"};
            }
            if (state == State::rejected) {
                if (const auto reason = files_.read(reason_file(file)); reason) {
                    const auto line = reason->find('\n');
                    summary.finding.code = reason->substr(0, line);
                    summary.finding.fix = reason->substr(std::min(line, reason->size() - 1) + 1);
                    while (summary.finding.fix.ends_with('\n')) summary.finding.fix.pop_back();
                }
            }
            listed.push_back(std::move(summary));
        }
    };
    take("own", State::own);
    take("trusted/certs", State::trusted);
    take("rejected", State::rejected);
    return listed;
}

Result<OpcUaCertificate> TrustFolders::trust(std::string_view thumbprint) {
    auto moved = move_certificate(thumbprint, root_ / "rejected", root_ / "trusted/certs");
    if (moved) moved->state = OpcUaCertificate::State::trusted;
    return moved;
}

Result<OpcUaCertificate> TrustFolders::untrust(std::string_view thumbprint) {
    auto moved = move_certificate(thumbprint, root_ / "trusted/certs", root_ / "rejected");
    if (moved) moved->state = OpcUaCertificate::State::rejected;
    return moved;
}

Result<OpcUaCertificate> TrustFolders::move_certificate(
    std::string_view thumbprint, const fs::path& from, const fs::path& to
) {
    if (thumbprint.size() < k_min_thumbprint) {
        return fail(Errc::invalid_argument, "thumbprint: give 8 digits of it or more");
    }
    struct Match {
        fs::path file;
        OpcUaCertificate summary;
        std::string der;
    };
    std::vector<Match> matches;
    for (const auto& file : files_in(from)) {
        const auto bytes = files_.read(file);
        const auto certificate = bytes ? parse_certificate(*bytes) : nullptr;
        if (!certificate || !thumbprint_of(*certificate).starts_with(thumbprint)) continue;
        matches.push_back({file, summary_of(*certificate), to_der(*certificate)});
    }
    if (matches.empty()) {
        return fail(
            Errc::not_found,
            "no certificate in " + from.string() + " has the thumbprint " + std::string{thumbprint}
        );
    }
    if (matches.size() > 1) {
        return fail(
            Errc::invalid_argument,
            "thumbprint: more than one certificate begins with it; give more digits"
        );
    }
    const Match& match = matches.front();
    const auto target = to / (match.summary.thumbprint + ".der");
    if (auto written = files_.write_atomic(target, match.der, 0600); !written) {
        return tl::make_unexpected(written.error());
    }
    if (auto removed = files_.remove(match.file); !removed) {
        return tl::make_unexpected(removed.error());
    }
    std::error_code error;
    fs::remove(reason_file(match.file), error);  // of a certificate that was not rejected: none
    look();
    return match.summary;
}

}  // namespace modax::opcua
