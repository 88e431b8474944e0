#include "landing/outbox_rows.hpp"

namespace modax::landing {

Status enqueue_delivery(
    Connection& connection, const BusinessEvent& event, std::string_view connector
) {
    Statement row;
    auto prepared = connection.prepare(
        row,
        "INSERT INTO outbox(event_sequence, connector, object_key, next_attempt_us, created_us)"
        " VALUES(?1,?2,?3,0,?4)"
    );
    if (!prepared) return prepared;
    row.bind(1, static_cast<std::int64_t>(event.sequence))
        .bind(2, connector)
        .bind(3, std::string_view{event.object_key})
        .bind(4, to_micros(event.time));
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(
        connection.failure("queue a delivery for the connector " + std::string{connector})
    );
}

}  // namespace modax::landing
