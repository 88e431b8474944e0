// The broker's state as tables: changes are written inside the writer's transaction, everything is
// read at start. Belongs to one connection.
#pragma once

#include "core/broker_state.hpp"
#include "landing/sqlite.hpp"

#include <span>
#include <string>
#include <vector>

namespace modax::landing {

class BrokerTables {
public:
    Status prepare(Connection& connection);
    // In order. A message that is queued and done within these changes is never written. A change
    // that SQLite refuses as such is left out and counted in `refused`.
    Status apply(Connection& connection, std::span<const BrokerChange* const> changes);
    std::uint64_t refused() const { return refused_; }

    static Result<BrokerState> load(Connection& connection);

private:
    Step write(const SessionSaved& change);
    Step write(const SessionRemoved& change);
    Step write(const SubscriptionSaved& change);
    Step write(const SubscriptionRemoved& change);
    Step write(const RetainedSaved& change);
    Step write(const RetainedRemoved& change);
    Step write(const MessageQueued& change);
    Step write(const MessageDone& change);
    Step write(const InboundHeld& change);
    Step write(const InboundReleased& change);

    Statement save_session_;
    Statement remove_session_;
    Statement remove_subscriptions_;
    Statement remove_messages_;
    Statement remove_inbound_;
    Statement save_subscription_;
    Statement remove_subscription_;
    Statement save_retained_;
    Statement remove_retained_;
    Statement queue_message_;
    Statement finish_message_;
    Statement hold_inbound_;
    Statement release_inbound_;
    std::uint64_t refused_ = 0;
};

}  // namespace modax::landing
