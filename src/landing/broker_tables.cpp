#include "landing/broker_tables.hpp"

#include <cstring>
#include <functional>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace modax::landing {
namespace {

void bind_time(Statement& statement, int index, const std::optional<Timestamp>& time) {
    if (time) {
        statement.bind(index, to_micros(*time));
    } else {
        statement.bind_null(index);
    }
}

std::optional<Timestamp> read_time(const Statement& statement, int column) {
    if (statement.is_null(column)) return std::nullopt;
    return from_micros(statement.integer(column));
}

// Four bytes each, in the machine's own order: the file does not leave it.
std::string_view bytes_of(const std::vector<std::uint32_t>& identifiers) {
    return {
        reinterpret_cast<const char*>(identifiers.data()),
        identifiers.size() * sizeof(std::uint32_t)};
}

std::vector<std::uint32_t> identifiers_of(std::string_view bytes) {
    std::vector<std::uint32_t> identifiers(bytes.size() / sizeof(std::uint32_t));
    if (!identifiers.empty()) {
        std::memcpy(identifiers.data(), bytes.data(), identifiers.size() * sizeof(std::uint32_t));
    }
    return identifiers;
}

// Which changes are a message queued and done again.
std::vector<bool> cancelled(std::span<const BrokerChange* const> changes) {
    std::vector<bool> skip(changes.size(), false);
    std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> queued;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (const auto* message = std::get_if<MessageQueued>(changes[i])) {
            queued[{message->client_id, message->number}] = i;
        } else if (const auto* done = std::get_if<MessageDone>(changes[i])) {
            const auto found = queued.find({done->client_id, done->number});
            if (found == queued.end()) continue;
            skip[found->second] = true;
            skip[i] = true;
            queued.erase(found);
        }
    }
    return skip;
}

Status each_row(
    Connection& connection, std::string_view sql, const std::function<void(const Statement&)>& each
) {
    Statement statement;
    if (auto prepared = connection.prepare(statement, sql); !prepared) return prepared;
    for (;;) {
        switch (statement.step()) {
            case Step::row:
                each(statement);
                break;
            case Step::done:
                return {};
            case Step::failed:
                return tl::make_unexpected(connection.failure("read the broker's state"));
        }
    }
}

}  // namespace

Status BrokerTables::prepare(Connection& connection) {
    const std::initializer_list<std::pair<Statement*, const char*>> statements{
        {&save_session_, "INSERT OR REPLACE INTO broker_sessions VALUES(?1,?2,?3,?4,?5)"},
        {&remove_session_, "DELETE FROM broker_sessions WHERE client_id=?1"},
        {&remove_subscriptions_, "DELETE FROM broker_subscriptions WHERE client_id=?1"},
        {&remove_messages_, "DELETE FROM broker_messages WHERE client_id=?1"},
        {&remove_inbound_, "DELETE FROM broker_inbound WHERE client_id=?1"},
        {&save_subscription_, "INSERT OR REPLACE INTO broker_subscriptions VALUES(?1,?2,?3,?4)"},
        {&remove_subscription_,
         "DELETE FROM broker_subscriptions WHERE client_id=?1 AND filter=?2"},
        {&save_retained_, "INSERT OR REPLACE INTO broker_retained VALUES(?1,?2,?3,?4,?5)"},
        {&remove_retained_, "DELETE FROM broker_retained WHERE topic=?1"},
        {&queue_message_,
         "INSERT OR REPLACE INTO broker_messages VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)"},
        {&finish_message_, "DELETE FROM broker_messages WHERE client_id=?1 AND number=?2"},
        {&hold_inbound_, "INSERT OR IGNORE INTO broker_inbound VALUES(?1,?2)"},
        {&release_inbound_, "DELETE FROM broker_inbound WHERE client_id=?1 AND packet_id=?2"},
    };
    for (const auto& [statement, sql] : statements) {
        if (auto prepared = connection.prepare(*statement, sql); !prepared) return prepared;
    }
    return {};
}

Status BrokerTables::apply(Connection& connection, std::span<const BrokerChange* const> changes) {
    if (changes.empty()) return {};
    const auto skip = cancelled(changes);
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (skip[i]) continue;
        const Step written =
            std::visit([this](const auto& change) { return write(change); }, *changes[i]);
        if (written != Step::failed) continue;
        if (!connection.refused_row()) {
            return tl::make_unexpected(connection.failure("write the broker's state"));
        }
        ++refused_;
    }
    return {};
}

Step BrokerTables::write(const SessionSaved& change) {
    save_session_.bind_blob(1, change.client_id)
        .bind(2, std::int64_t{change.protocol_version})
        .bind(3, std::int64_t{change.expiry_interval})
        .bind_blob(5, change.principal);
    bind_time(save_session_, 4, change.expires);
    return save_session_.run();
}

Step BrokerTables::write(const SessionRemoved& change) {
    for (Statement* statement :
         {&remove_session_, &remove_subscriptions_, &remove_messages_, &remove_inbound_}) {
        statement->bind_blob(1, change.client_id);
        if (statement->run() == Step::failed) return Step::failed;
    }
    return Step::done;
}

Step BrokerTables::write(const SubscriptionSaved& change) {
    return save_subscription_.bind_blob(1, change.client_id)
        .bind_blob(2, change.filter)
        .bind(3, std::int64_t{change.options})
        .bind(4, std::int64_t{change.identifier})
        .run();
}

Step BrokerTables::write(const SubscriptionRemoved& change) {
    return remove_subscription_.bind_blob(1, change.client_id).bind_blob(2, change.filter).run();
}

Step BrokerTables::write(const RetainedSaved& change) {
    save_retained_.bind_blob(1, change.message.topic)
        .bind_blob(2, change.message.payload)
        .bind(3, std::int64_t{change.message.qos})
        .bind_blob(4, change.message.properties);
    bind_time(save_retained_, 5, change.message.expires);
    return save_retained_.run();
}

Step BrokerTables::write(const RetainedRemoved& change) {
    return remove_retained_.bind_blob(1, change.topic).run();
}

Step BrokerTables::write(const MessageQueued& change) {
    queue_message_.bind_blob(1, change.client_id)
        .bind(2, static_cast<std::int64_t>(change.number))
        .bind_blob(3, change.message.topic)
        .bind_blob(4, change.message.payload)
        .bind(5, std::int64_t{change.message.qos})
        .bind_blob(6, change.message.properties)
        .bind(8, std::int64_t{change.retain ? 1 : 0})
        .bind_blob(9, bytes_of(change.subscription_identifiers));
    bind_time(queue_message_, 7, change.message.expires);
    return queue_message_.run();
}

Step BrokerTables::write(const MessageDone& change) {
    return finish_message_.bind_blob(1, change.client_id)
        .bind(2, static_cast<std::int64_t>(change.number))
        .run();
}

Step BrokerTables::write(const InboundHeld& change) {
    return hold_inbound_.bind_blob(1, change.client_id)
        .bind(2, std::int64_t{change.packet_id})
        .run();
}

Step BrokerTables::write(const InboundReleased& change) {
    return release_inbound_.bind_blob(1, change.client_id)
        .bind(2, std::int64_t{change.packet_id})
        .run();
}

Result<BrokerState> BrokerTables::load(Connection& connection) {
    BrokerState state;
    const auto text = [](const Statement& row, int column) {
        return std::string{row.text(column)};
    };
    Status read = each_row(
        connection,
        "SELECT client_id, protocol_version, expiry_interval, expires, principal"
        " FROM broker_sessions",
        [&](const Statement& row) {
            state.sessions.push_back(SessionSaved{
                text(row, 0),
                static_cast<std::uint8_t>(row.integer(1)),
                static_cast<std::uint32_t>(row.integer(2)),
                read_time(row, 3),
                text(row, 4)});
        }
    );
    if (!read) return tl::make_unexpected(read.error());
    read = each_row(
        connection,
        "SELECT client_id, filter, options, identifier FROM broker_subscriptions",
        [&](const Statement& row) {
            state.subscriptions.push_back(SubscriptionSaved{
                text(row, 0),
                text(row, 1),
                static_cast<std::uint8_t>(row.integer(2)),
                static_cast<std::uint32_t>(row.integer(3))});
        }
    );
    if (!read) return tl::make_unexpected(read.error());
    read = each_row(
        connection,
        "SELECT topic, payload, qos, properties, expires FROM broker_retained",
        [&](const Statement& row) {
            state.retained.push_back(RetainedSaved{BrokerMessage{
                text(row, 0),
                text(row, 1),
                static_cast<std::uint8_t>(row.integer(2)),
                text(row, 3),
                read_time(row, 4)}});
        }
    );
    if (!read) return tl::make_unexpected(read.error());
    read = each_row(
        connection,
        "SELECT client_id, number, topic, payload, qos, properties, expires, retain, identifiers"
        " FROM broker_messages ORDER BY client_id, number",
        [&](const Statement& row) {
            state.messages.push_back(MessageQueued{
                text(row, 0),
                static_cast<std::uint64_t>(row.integer(1)),
                BrokerMessage{
                    text(row, 2),
                    text(row, 3),
                    static_cast<std::uint8_t>(row.integer(4)),
                    text(row, 5),
                    read_time(row, 6)},
                row.integer(7) != 0,
                identifiers_of(row.text(8))});
        }
    );
    if (!read) return tl::make_unexpected(read.error());
    read = each_row(
        connection,
        "SELECT client_id, packet_id FROM broker_inbound",
        [&](const Statement& row) {
            state.inbound.push_back(InboundHeld{
                text(row, 0), static_cast<std::uint16_t>(row.integer(1))});
        }
    );
    if (!read) return tl::make_unexpected(read.error());
    return state;
}

}  // namespace modax::landing
