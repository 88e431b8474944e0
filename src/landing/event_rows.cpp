#include "landing/event_rows.hpp"

#include "landing/outbox_rows.hpp"

namespace modax::landing {

Status append_event(Connection& connection, BusinessEvent& event, const EventRouter* router) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "INSERT INTO business_events(id, type, object_key, device_id, time, body)"
        " VALUES(?1,?2,?3,?4,?5,?6) RETURNING sequence"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{event.id})
        .bind(2, std::string_view{event.type})
        .bind(3, std::string_view{event.object_key})
        .bind(4, std::string_view{event.device_id})
        .bind(5, to_micros(event.time))
        .bind(6, std::string_view{event.body});
    if (row.step() != Step::row) {
        return tl::make_unexpected(connection.failure("store the event " + event.type));
    }
    event.sequence = static_cast<std::uint64_t>(row.integer(0));
    row.reset();
    if (router == nullptr) return {};
    for (const std::string& connector : router->connectors_for(event)) {
        if (auto queued = enqueue_delivery(connection, event, connector); !queued) return queued;
    }
    return {};
}

}  // namespace modax::landing
