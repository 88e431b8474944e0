// The outbox as rows: what connectors still have to deliver (PROMISES 2.3).
#pragma once

#include "core/business_event.hpp"
#include "landing/sqlite.hpp"

#include <string_view>

namespace modax::landing {

// Queues the delivery of a stored event, inside the transaction that stores it. It is due at once.
Status enqueue_delivery(
    Connection& connection, const BusinessEvent& event, std::string_view connector
);

}  // namespace modax::landing
