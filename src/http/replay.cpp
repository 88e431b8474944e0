#include "http/replay.hpp"

#include <unordered_map>
#include <utility>

namespace modax::http {
namespace {

bool is_kept(const ReadingReader& readings, std::uint64_t since) {
    const auto status = readings.replay(since, 1, nullptr, [](const LiveEvent&) { return false; });
    return status || status.error().code != Errc::not_found;
}

// The smallest `since` above `too_old` that the store can replay from.
std::uint64_t first_kept(const ReadingReader& readings, std::uint64_t too_old, std::uint64_t last) {
    std::uint64_t kept = last;
    while (too_old + 1 < kept) {
        const std::uint64_t middle = too_old + (kept - too_old) / 2;
        (is_kept(readings, middle) ? kept : too_old) = middle;
    }
    return kept;
}

}  // namespace

Result<ReplayStep> replay_step(
    const ReadingReader& readings,
    const LiveRequest& request,
    std::uint64_t since,
    std::size_t max_events
) {
    ReplayStep step;
    const std::uint64_t last = readings.last_stream_sequence();
    if (since >= last) {
        // Nothing yet, or from another life of the gateway: what comes now is new.
        step.block = std::make_shared<const FrameBlock>();
        step.through = last;
        step.caught_up = true;
        return step;
    }
    auto block = std::make_shared<FrameBlock>();
    std::unordered_map<const Device*, bool> wanted;
    std::size_t seen = 0;
    const auto each = [&](const LiveEvent& event) {
        ++seen;
        step.through = event.stream_sequence();
        const auto [entry, added] = wanted.try_emplace(&event.device(), false);
        if (added) entry->second = request.filter.wants(event.device());
        if (entry->second && request.filter.wants_kind(event)) {
            append_event(*block, event, request.filter);
        }
        return true;
    };
    step.through = since;
    auto replayed = readings.replay(since, max_events, request.device, each);
    if (!replayed && replayed.error().code == Errc::not_found) {
        step.gap_from = since + 1;
        step.gap_to = first_kept(readings, since, last);
        step.through = step.gap_to;
        replayed = readings.replay(step.gap_to, max_events, request.device, each);
    }
    if (!replayed) return tl::make_unexpected(std::move(replayed.error()));
    step.caught_up = seen < max_events;
    step.block = std::move(block);
    return step;
}

}  // namespace modax::http
