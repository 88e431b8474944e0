// Changes of the business: the rows, their events, the deliveries and the audit row in one
// transaction; then everyone is told.
#include "landing/event_rows.hpp"
#include "landing/store_state.hpp"

#include <utility>

namespace modax::landing {

void Store::tell_events_to(const EventRouter* router, std::vector<BusinessEventSink*> sinks) {
    const std::lock_guard guard{state_->events_mutex};
    state_->router = router;
    state_->event_sinks = std::move(sinks);
}

Status Store::State::change_with_events(
    std::span<const AuditEntry> entries,
    std::vector<BusinessEvent>& events,
    const std::function<Status(Connection&)>& change
) {
    const std::lock_guard guard{events_mutex};
    const auto done = change_with_audit(entries, [&](Connection& connection) -> Status {
        if (auto changed = change(connection); !changed) return changed;
        for (BusinessEvent& event : events) {
            if (auto stored = append_event(connection, event, router); !stored) return stored;
        }
        return {};
    });
    if (!done) return done;
    for (const BusinessEvent& event : events) {
        for (BusinessEventSink* sink : event_sinks) sink->happened(event);
    }
    return {};
}

}  // namespace modax::landing
