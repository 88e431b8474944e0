// Looks after the server's own certificate while it runs: takes a renewed one without ending a
// session, and warns before it ends. Internal to opcua; look() on the feed's thread, the rest on
// any.
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "opcua/own_certificate.hpp"
#include "opcua/ua.hpp"

#include <atomic>
#include <filesystem>

namespace modax::opcua {

class OwnCertificateWatch {
public:
    OwnCertificateWatch(
        std::filesystem::path root, const FileSystem& files, const Clock& clock, Log& log
    );

    // `own`: what the server was made with.
    void begin(const OwnCertificate& own);
    // Once a second. Sessions and channels that are open go on with the old one; new ones get the
    // new one. Warns 60, 30 and 7 days before the end, once each, and when it has ended.
    void look(UA_Server& server);
    Timestamp ends() const { return from_micros(ends_); }

private:
    void take(UA_Server& server);
    void warn();

    const std::filesystem::path root_;
    const FileSystem& files_;
    const Clock& clock_;
    Log& log_;
    std::string certificate_;  // DER, in use
    std::filesystem::file_time_type seen_{};
    long told_days_ = 0;
    bool told_ = false;
    std::atomic<std::int64_t> ends_{0};
};

}  // namespace modax::opcua
