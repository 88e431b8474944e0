// Events of the business as rows. Whoever changes an order, a lot or a machine's state appends its
// events in the same transaction (PROMISES P4).
#pragma once

#include "core/business_event.hpp"
#include "landing/sqlite.hpp"

namespace modax::landing {

// Inside the write transaction that is open on `connection`: stores the event, gives it its
// sequence, and queues a delivery for each connector that `router` names. nullptr: nobody wants
// events. After a failure the transaction must be rolled back.
Status append_event(Connection& connection, BusinessEvent& event, const EventRouter* router);

}  // namespace modax::landing
