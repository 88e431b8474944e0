// Who may come in, and what a session may do: read, nothing else. Internal to opcua; its callbacks
// run on the server's thread with the server's lock held, so they are from memory.
#pragma once

#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/log.hpp"
#include "core/session_identity.hpp"
#include "core/token_bucket.hpp"
#include "opcua/sessions.hpp"
#include "opcua/trust_folders.hpp"
#include "opcua/ua.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace modax::opcua {

class Access {
public:
    struct Parts {
        SessionAuthenticator& users;
        TrustFolders& folders;
        AuditTrail& trail;
        const Clock& clock;
        Log& log;
    };
    // `anonymous`: without a user as well.
    Access(Parts parts, bool anonymous);
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

    // Replaces access control and certificate checks of the configuration. This object must
    // outlive the server.
    void install(UA_ServerConfig& config);

    // Refused certificates that are to be kept; at most 100 wait. Any thread.
    std::vector<std::pair<std::string, CertificateFinding>> take_rejected();
    // Closes the sessions of users that are gone or changed. Any thread.
    void recheck(UA_Server& server);

    // Whether a session (its context) may see a node (its context). Any thread.
    bool may_see(const void* session_context, const void* node_context) const;
    // Whether a session may acknowledge an alarm of the device, or (nullptr) of the gateway. Any
    // thread.
    bool may_acknowledge(const void* session_context, const Device* device) const;

    const Sessions& sessions() const { return sessions_; }
    std::uint64_t refused_certificates() const { return refused_certificates_; }
    std::uint64_t refused_logins() const { return refused_logins_; }
    std::uint64_t opened_sessions() const { return opened_sessions_; }

private:
    struct Callbacks;

    UA_StatusCode refuse_certificate(std::string_view der, const CertificateFinding& finding);
    UA_StatusCode activate(
        UA_Server& server, const UA_NodeId& id, const UA_ExtensionObject& token, void** context
    );
    Result<Principal> identify(const UA_ExtensionObject& token);
    Result<Principal> identify_by_password(std::string_view user, std::string_view password);

    const Parts parts_;
    const bool anonymous_;
    std::array<UA_UserTokenPolicy, 3> policies_{};
    Sessions sessions_;
    TokenBucket verifications_;
    std::atomic<std::uint64_t> refused_certificates_{0};
    std::atomic<std::uint64_t> refused_logins_{0};
    std::atomic<std::uint64_t> opened_sessions_{0};
    std::mutex mutex_;
    std::vector<std::pair<std::string, CertificateFinding>> rejected_;
};

}  // namespace modax::opcua
