// Changes of orders, lots and equipment, each with its events, deliveries, audit row and the answer
// to its Idempotency-Key in one transaction; and what was stored.
#include "landing/measurement_rows.hpp"
#include "landing/operations_rows.hpp"
#include "landing/store_state.hpp"

#include <utility>

namespace modax::landing {
namespace {

// PROMISES P4: at least.
constexpr std::chrono::days k_keys_kept{7};

Status find_answer(Connection& connection, BusinessChange& change, bool& known) {
    Statement row;
    auto prepared = connection.prepare(
        row, "SELECT body_hash, answer FROM idempotency_keys WHERE scope=?1 AND key=?2"
    );
    if (!prepared) return prepared;
    row.bind(1, std::string_view{change.key.scope}).bind(2, std::string_view{change.key.key});
    const Step step = row.step();
    if (step == Step::failed) {
        return tl::make_unexpected(connection.failure("look for an Idempotency-Key"));
    }
    known = step == Step::row;
    if (!known) return {};
    if (row.text(0) != change.key.body_hash) {
        return fail(
            Errc::invalid_argument, "Idempotency-Key: was sent with another body before; take a new"
        );
    }
    change.answer = row.text(1);
    return {};
}

Status keep_answer(Connection& connection, const BusinessChange& change) {
    Statement old;
    auto prepared = connection.prepare(old, "DELETE FROM idempotency_keys WHERE created<?1");
    if (!prepared) return prepared;
    old.bind(1, to_micros(change.record.time - k_keys_kept));
    if (old.run() == Step::failed) {
        return tl::make_unexpected(connection.failure("delete old Idempotency-Keys"));
    }
    Statement row;
    prepared = connection.prepare(row, "INSERT INTO idempotency_keys VALUES(?1,?2,?3,?4,?5)");
    if (!prepared) return prepared;
    row.bind(1, std::string_view{change.key.scope})
        .bind(2, std::string_view{change.key.key})
        .bind(3, std::string_view{change.key.body_hash})
        .bind(4, std::string_view{change.answer})
        .bind(5, to_micros(change.record.time));
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection.failure("store an Idempotency-Key"));
}

// A key is taken while its request runs.
class RunningKey {
public:
    RunningKey(std::mutex& mutex, std::set<std::string>& running, const IdempotencyKey& key)
        : mutex_{mutex}, running_{running}, text_{key.scope + '\n' + key.key} {
        const std::lock_guard guard{mutex_};
        taken_ = running_.insert(text_).second;
    }
    RunningKey(const RunningKey&) = delete;
    RunningKey& operator=(const RunningKey&) = delete;
    ~RunningKey() {
        const std::lock_guard guard{mutex_};
        if (taken_) running_.erase(text_);
    }
    bool taken() const { return taken_; }

private:
    std::mutex& mutex_;
    std::set<std::string>& running_;
    const std::string text_;
    bool taken_ = false;
};

}  // namespace

Status Store::change(
    BusinessChange& change, const std::function<Status(OperationsTransaction&)>& rules
) {
    const bool keyed = !change.key.key.empty();
    std::optional<RunningKey> running;
    if (keyed) {
        running.emplace(state_->keys_mutex, state_->running_keys, change.key);
        if (!running->taken()) {
            return fail(
                Errc::already_exists, "a request with this Idempotency-Key is still running"
            );
        }
        bool known = false;
        const std::lock_guard guard{state_->anchor_mutex};
        if (auto found = find_answer(state_->anchor, change, known); !found || known) return found;
    }
    return state_->change_with_events(
        {&change.record, 1},
        change.events,
        [&](Connection& connection) -> Status {
            OperationsRows rows{connection};
            if (auto applied = rules(rows); !applied) return applied;
            return keyed ? keep_answer(connection, change) : Status{};
        }
    );
}

Result<std::vector<ProductionOrder>> Store::orders(const OrderQuery& query) const {
    return state_->read<std::vector<ProductionOrder>>([&](Connection& connection) {
        return find_orders(connection, query);
    });
}

Result<std::optional<ProductionOrder>> Store::find_order(std::string_view id) const {
    return state_->read<std::optional<ProductionOrder>>([&](Connection& connection) {
        return find_order_row(connection, id);
    });
}

Result<std::vector<ProductionReport>> Store::reports(std::string_view order_id) const {
    return state_->read<std::vector<ProductionReport>>([&](Connection& connection) {
        return reports_of_order(connection, order_id);
    });
}

Result<std::vector<ProductionReport>> Store::reports_of(
    std::string_view device_id, Timestamp start, Timestamp end
) const {
    return state_->read<std::vector<ProductionReport>>([&](Connection& connection) {
        return reports_of_device(connection, device_id, start, end);
    });
}

Result<std::vector<InspectionReport>> Store::inspections(std::string_view lot_id) const {
    return state_->read<std::vector<InspectionReport>>([&](Connection& connection) {
        return inspections_of_lot(connection, lot_id);
    });
}

Result<std::vector<NumberedStatus>> Store::statuses(const StatusQuery& query) const {
    return state_->read<std::vector<NumberedStatus>>([&](Connection& connection) {
        return find_statuses(connection, query);
    });
}

Result<std::vector<EquipmentStatus>> Store::downtimes(
    std::string_view device_id, Timestamp start, Timestamp end
) const {
    return state_->read<std::vector<EquipmentStatus>>([&](Connection& connection) {
        return find_downtimes(connection, device_id, start, end);
    });
}

Result<std::vector<Measurement>> Store::measurements(const CapabilityQuery& query) const {
    return state_->read<std::vector<Measurement>>([&](Connection& connection) {
        return find_measurements(connection, query);
    });
}

}  // namespace modax::landing
