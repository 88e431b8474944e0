// Keys and users of a data directory for the command line: with the gateway running on it, which
// sees a change within a second, or without.
#pragma once

#include "config/config.hpp"
#include "core/analysis.hpp"
#include "core/delivery.hpp"
#include "core/identity.hpp"
#include "core/landing.hpp"
#include "core/result.hpp"

#include <memory>

namespace modax::app {

// Not thread-safe.
class Identity {
public:
    // Errors: those of the store; unavailable: the running gateway is of another version.
    static Result<std::unique_ptr<Identity>> open(const config::Config& config);
    // Makes no store where there is none: not_found.
    static Result<std::unique_ptr<Identity>> open_existing(const config::Config& config);
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    ~Identity();

    KeyAdministration& keys();
    UserAdministration& users();
    OutboxStore& outbox();
    // Users of the file that modax had before it kept them in the store: name to Argon2id hash (or
    // empty: certificate only). Returns how many were taken over. Errors: invalid_argument.
    Result<std::size_t> import_users(
        const std::filesystem::path& file, const std::vector<std::string>& roles
    );

    const AuditStore& audit() const;
    const AnalysisStore& analyses() const;
    const ReadingReader& readings() const;
    const DeviceRegistry& devices() const;
    // What the command line did; who asked is filled in.
    Status record(std::string action, std::string object, std::string detail);
    struct Verdict {
        std::uint64_t rows = 0;
        std::uint64_t checkpoints = 0;
        std::string problem;  // empty: the audit log is whole
    };
    // Checks every row and checkpoint. Errors: those of the store.
    Result<Verdict> verify_audit() const;

    // Who asks, for the audit log: the user of the operating system.
    static AuditEntry origin();

private:
    struct Parts;
    explicit Identity(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace modax::app
