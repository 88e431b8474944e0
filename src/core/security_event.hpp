// Unusual access as every interface tells of it, and what is remembered of whoever comes in so that
// the unusual can be told from the usual. Source: PROMISES 3.4. Implemented by security (the rules)
// and by the landing store (the profiles).
#pragma once

#include "core/result.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace modax {

struct SecurityEvent {
    Timestamp time;
    std::string rule;         // "new_network", "many_refusals", …: docs/security.md lists them
    std::string actor;        // as in the audit log: "key:1a2B3c4D", "user:scada", or empty
    std::string source;       // the address it came from; empty when it is about no access
    std::string evidence;     // what was seen and what was usual, for people
    std::uint64_t count = 1;  // equal events since the last one that was told
};

// {"time":…,"rule":…,"actor":…,"source":…,"evidence":…,"count":…}
std::string security_event_json(const SecurityEvent& event);

// Gets each event; returns at once, never throws.
using SecurityEventSink = std::function<void(const SecurityEvent&)>;

// What is remembered of one actor, as a text that only security understands.
struct AccessProfileText {
    std::string actor;
    std::string text;
};

// Where profiles are kept. Thread-safe; blocks on the disk.
class AccessProfileStore {
public:
    virtual ~AccessProfileStore() = default;
    virtual Result<std::vector<AccessProfileText>> access_profiles() const = 0;
    // Adds or replaces; nobody's change, so without an audit row.
    virtual Status save_access_profiles(std::span<const AccessProfileText> profiles) = 0;
};

}  // namespace modax
