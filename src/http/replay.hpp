// One step of bringing a WebSocket client up to date from the store (PROMISES P6). Runs on a
// worker thread.
#pragma once

#include "core/landing.hpp"
#include "http/frame_block.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace modax::http {

struct ReplayStep {
    std::shared_ptr<const FrameBlock> block;  // what the filter lets through
    std::uint64_t through = 0;                // nothing up to here is missing any more
    bool caught_up = false;                   // the store had no more
    // What the store keeps no longer; 0: nothing is missing.
    std::uint64_t gap_from = 0;
    std::uint64_t gap_to = 0;
};

// The first step of a client also finds out that `since` is in the future (then nothing is
// replayed) or too old (then the replay starts at what is kept).
Result<ReplayStep> replay_step(
    const ReadingReader& readings,
    const LiveRequest& request,
    std::uint64_t since,
    std::size_t max_events
);

}  // namespace modax::http
