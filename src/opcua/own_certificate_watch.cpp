#include "opcua/own_certificate_watch.hpp"

#include "opcua/certificate.hpp"

#include <array>
#include <utility>

namespace modax::opcua {
namespace {

constexpr std::array<long, 4> k_warning_days{0, 7, 30, 60};

}  // namespace

OwnCertificateWatch::OwnCertificateWatch(
    std::filesystem::path root, const FileSystem& files, const Clock& clock, Log& log
)
    : root_{std::move(root)}, files_{files}, clock_{clock}, log_{log} {}

void OwnCertificateWatch::begin(const OwnCertificate& own) {
    certificate_ = own.certificate;
    std::error_code error;
    seen_ = std::filesystem::last_write_time(root_ / "own" / "server.der", error);
    told_ = false;
    if (const auto parsed = parse_certificate(own.certificate)) {
        ends_ = to_micros(summary_of(*parsed).not_after);
    }
}

void OwnCertificateWatch::look(UA_Server& server) {
    std::error_code error;
    const auto time = std::filesystem::last_write_time(root_ / "own" / "server.der", error);
    if (!error && time != seen_) take(server);
    warn();
}

void OwnCertificateWatch::take(UA_Server& server) {
    auto fresh = read_own_certificate(root_, files_);
    // Half of a pair is there for a moment; the next look sees both.
    if (!fresh) return;
    if (fresh->certificate != certificate_) {
        const UA_ByteString before = view(certificate_);
        const UA_ByteString after = view(fresh->certificate);
        const UA_ByteString key = view(fresh->key.reveal());
        const auto updated = check(
            UA_Server_updateCertificate(&server, &before, &after, &key, false, false),
            "the renewed certificate of the OPC UA server can't be used"
        );
        if (!updated) {
            log_.error("opcua", updated.error().detail);
        } else {
            log_.info("opcua", "the server's certificate is renewed; clients have to trust it");
        }
    }
    begin(*fresh);
}

void OwnCertificateWatch::warn() {
    const auto left = std::chrono::floor<std::chrono::days>(ends() - clock_.now()).count();
    for (const long days : k_warning_days) {
        if (left >= days) continue;
        if (told_ && told_days_ <= days) return;
        told_ = true;
        told_days_ = days;
        log_.warn(
            "opcua",
            std::string{"the server's certificate "} + (left < 0 ? "has ended" : "ends soon") +
                ": make a new one with `modax opcua renew`",
            {{"ends", format_iso8601(ends())}}
        );
        return;
    }
}

}  // namespace modax::opcua
