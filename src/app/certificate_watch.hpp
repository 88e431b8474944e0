// Looks after the certificates while the gateway runs: has them read again when their files change,
// warns before they end, and tells when on /metrics. Owned by the gateway; look() on its main
// thread, collect() on any.
#pragma once

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/result.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace modax::app {

class CertificateWatch final : public MetricSource {
public:
    // The objects must outlive this one.
    CertificateWatch(
        const config::Config& config, const FileSystem& files, const Clock& clock, Log& log
    );

    // For the start. Errors: invalid_argument: a file is none of its kind, or a certificate is for
    // development and this is production, or there a key can be read by everyone (elsewhere that is
    // a warning).
    Status check() const;
    // When a file has changed, calls `reload`, which has the listeners read all of them again.
    // Warns of certificates that end in 60, 30, 7 days or 1 day, once each, and of ended ones.
    void look(const std::function<Status()>& reload);
    void reload(const std::function<Status()>& reload);

    // modax_tls_certificate_expiry_timestamp_seconds{file}
    void collect(MetricSink& sink) const override;

private:
    std::size_t fingerprint() const;
    Status check_revocation_list() const;
    void warn_before_end();
    void warn_of(const std::filesystem::path& file, std::string_view what, Timestamp end);

    const bool production_;
    const FileSystem& files_;
    const Clock& clock_;
    Log& log_;
    std::vector<std::filesystem::path> certificates_;
    std::filesystem::path key_;
    std::filesystem::path revocation_list_;
    std::size_t seen_ = 0;
    std::map<std::filesystem::path, long> told_days_;  // the warning that was given last
    mutable std::mutex mutex_;
    std::map<std::filesystem::path, double> ends_;  // seconds since 1970; guarded by mutex_
};

}  // namespace modax::app
