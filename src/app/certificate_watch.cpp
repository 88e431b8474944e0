#include "app/certificate_watch.hpp"

#include "security/certificate.hpp"

#include <array>
#include <functional>
#include <limits>
#include <system_error>

namespace modax::app {
namespace {

constexpr std::string_view k_component = "tls";
// PROMISES 3.3: 60, 30 and 7 days; and the last one.
constexpr std::array<long, 4> k_warn_days{1, 7, 30, 60};

bool others_may_read(const std::filesystem::path& file) {
    std::error_code code;
    const auto permissions = std::filesystem::status(file, code).permissions();
    using std::filesystem::perms;
    return !code && (permissions & perms::others_read) != perms::none;
}

}  // namespace

CertificateWatch::CertificateWatch(
    const config::Config& config, const FileSystem& files, const Clock& clock, Log& log
)
    : production_{config.environment == config::Environment::production},
      files_{files},
      clock_{clock},
      log_{log} {
    if (!config.https.enabled && !config.mqtts.enabled) return;
    certificates_.push_back(config.tls.certificate_file);
    if (!config.tls.client_ca_file.empty()) certificates_.push_back(config.tls.client_ca_file);
    key_ = config.tls.key_file;
    revocation_list_ = config.tls.client_crl_file;
    seen_ = fingerprint();
}

std::size_t CertificateWatch::fingerprint() const {
    std::string all;
    const auto add = [&](const std::filesystem::path& file) {
        if (auto content = files_.read(file))
            all += std::to_string(std::hash<std::string>{}(*content)) + ' ';
    };
    for (const auto& file : certificates_) add(file);
    if (!key_.empty()) add(key_);
    if (!revocation_list_.empty()) add(revocation_list_);
    return std::hash<std::string>{}(all);
}

Status CertificateWatch::check() const {
    for (const auto& file : certificates_) {
        const auto pem = files_.read(file);
        if (!pem) return tl::make_unexpected(pem.error());
        const auto facts = security::read_certificate(*pem);
        if (!facts) {
            return fail(Errc::invalid_argument, "'" + file.string() + "': " + facts.error().detail);
        }
        if (production_ && facts->development) {
            return fail(
                Errc::invalid_argument,
                "'" + file.string() +
                    "' is a development certificate, and environment = \"production\": take one of "
                    "your own authority"
            );
        }
    }
    if (auto checked = check_revocation_list(); !checked) return checked;
    if (key_.empty() || !others_may_read(key_)) return {};
    const std::string detail =
        "everyone may read the private key '" + key_.string() + "': chmod 600 it";
    if (production_) return fail(Errc::invalid_argument, detail);
    log_.warn(k_component, detail);
    return {};
}

void CertificateWatch::look(const std::function<Status()>& reload_all) {
    if (certificates_.empty()) return;
    if (fingerprint() != seen_) reload(reload_all);
    warn_before_end();
}

void CertificateWatch::reload(const std::function<Status()>& reload_all) {
    if (certificates_.empty()) return;
    // Before the files are read: what changes during it is seen the next time.
    seen_ = fingerprint();
    Status done = check();
    if (done) done = reload_all();
    if (done) {
        told_days_.clear();
        log_.info(k_component, "the certificates were read again, for new connections");
        return;
    }
    log_.error(
        k_component,
        "the changed certificates can't be used; those of before stay",
        {{"reason", done.error().detail}}
    );
}

Status CertificateWatch::check_revocation_list() const {
    if (revocation_list_.empty()) return {};
    const auto pem = files_.read(revocation_list_);
    if (!pem) return tl::make_unexpected(pem.error());
    const auto facts = security::read_revocation_list(*pem);
    if (facts) return {};
    return fail(
        Errc::invalid_argument, "'" + revocation_list_.string() + "': " + facts.error().detail
    );
}

// A file that can't be read is not what is in use; the reload has told of it.
void CertificateWatch::warn_before_end() {
    for (const auto& file : certificates_) {
        const auto pem = files_.read(file);
        if (!pem) continue;
        if (const auto facts = security::read_certificate(*pem)) {
            warn_of(file, "the certificate", facts->not_after);
        }
    }
    if (revocation_list_.empty()) return;
    const auto pem = files_.read(revocation_list_);
    if (!pem) return;
    if (const auto facts = security::read_revocation_list(*pem)) {
        warn_of(revocation_list_, "the revocation list", facts->next_update);
    }
}

void CertificateWatch::warn_of(
    const std::filesystem::path& file, std::string_view what, Timestamp end
) {
    {
        const std::lock_guard lock{mutex_};
        ends_[file] = static_cast<double>(to_micros(end)) / 1e6;
    }
    const auto left = end - clock_.now();
    long step = 0;
    for (const long days : k_warn_days) {
        if (left <= std::chrono::days{days}) {
            step = days;
            break;
        }
    }
    const bool ended = left <= left.zero();
    if (ended) step = -1;
    auto& told = told_days_[file];
    if (step == 0 || told == step) return;
    told = step;
    const LogField name{"file", file.string()};
    const LogField until{"ends", format_iso8601(end)};
    if (ended) {
        log_.error(
            k_component,
            std::string{what} +
                " has ended, clients are refused: replace the file; no restart is "
                "needed",
            {name, until}
        );
    } else {
        log_.warn(
            k_component,
            std::string{what} + " ends soon: replace the file; no restart is needed",
            {name, until}
        );
    }
}

void CertificateWatch::collect(MetricSink& sink) const {
    const std::lock_guard lock{mutex_};
    for (const auto& [file, end] : ends_) {
        sink.gauge(
            "modax_tls_certificate_expiry_timestamp_seconds",
            "When the certificate ends, in seconds since 1970",
            end,
            {{"file", file.filename().string()}}
        );
    }
}

}  // namespace modax::app
