// Events encoded as WebSocket text frames, once for all clients with the same filter, and shared
// between them.
#pragma once

#include "core/live_event.hpp"
#include "http/live_request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace modax::http {

struct FrameBlock {
    struct Event {
        std::uint64_t sequence = 0;
        const Device* device = nullptr;
        bool safety = false;
        std::size_t offset = 0;  // of its frame in `bytes`
        std::size_t size = 0;
    };
    std::string bytes;
    std::vector<Event> events;  // sequences rise

    std::string_view frame(const Event& event) const {
        return std::string_view{bytes}.substr(event.offset, event.size);
    }
};

// {"seq":N,"type":"reading","device_id":…,"data":{…}}
void append_event(FrameBlock& block, const LiveEvent& event, const LiveFilter& filter);
// {"gap":{"from":a,"to":b}}
void append_gap_frame(std::string& out, std::uint64_t from, std::uint64_t to);
// What comes after `sequence`; `block` itself when that is all of it.
std::shared_ptr<const FrameBlock> skip_through(
    std::shared_ptr<const FrameBlock> block, std::uint64_t sequence
);

}  // namespace modax::http
