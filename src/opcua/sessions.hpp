// The sessions that are open. Internal to opcua. Thread-safe.
#pragma once

#include "core/opcua.hpp"
#include "core/principal.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace modax::opcua {

// What open62541 keeps for us as a session's context; never changed once it is made.
struct SessionContext {
    OpcUaSession session;
    Principal principal;
};

class Sessions {
public:
    // The context lives until close() or the next open() with this id.
    const SessionContext* open(SessionContext context);
    // The session as it was; nullptr when it never came in.
    std::unique_ptr<SessionContext> close(const std::string& id);
    std::vector<SessionContext> all() const;
    std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<SessionContext>> sessions_;
};

}  // namespace modax::opcua
