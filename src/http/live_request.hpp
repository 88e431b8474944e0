// What a WebSocket client asked for: which events, from where on.
#pragma once

#include "core/device.hpp"
#include "core/live_event.hpp"
#include "core/secret.hpp"
#include "http/permits.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace modax::http {

struct LiveFilter {
    std::vector<std::string> devices;  // ids; empty: all
    std::vector<std::string> allowed;  // id patterns of the key (Principal::devices); empty: all
    std::vector<std::string> metrics;  // of readings; empty: all
    bool readings = true;
    bool safety = true;
    std::vector<std::string> notices{};  // kinds of them (live_notice.hpp)

    // Equal for filters that let the same through.
    std::string identity() const;
    bool wants(const Device& device) const;
    bool wants_kind(const LiveEvent& event) const {
        return event.reading() != nullptr ? readings : safety;
    }
};

// Immutable once it is made.
struct LiveRequest {
    LiveFilter filter;
    std::optional<std::uint64_t> since;  // replay what came after this stream sequence first
    const Device* device = nullptr;      // when it is for one device
    Secret key;                          // checked again while the client stays
    std::string accept;                  // Sec-WebSocket-Accept
    Permit permit;                       // the client's place
};

}  // namespace modax::http
