// Production orders as nodes: MODAX.Production.{ORDER}, an object with its state and quantities.
// Internal to opcua.
#pragma once

#include "core/log.hpp"
#include "core/operations.hpp"
#include "opcua/variables.hpp"

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>

namespace modax::opcua {

// The context of nodes that are for whoever may subscribe to production over MQTT.
extern const char k_production_context;

class ProductionNodes {
public:
    // Orders that have nodes; beyond them the one that came first goes.
    static constexpr std::size_t k_max_orders = 500;

    ProductionNodes(UA_Server& server, const OperationsStore& store, Log& log)
        : server_{server}, store_{store}, log_{log} {}

    // The folder, the type MODAX.Types.ProductionOrder, and the orders that are not completed.
    // Errors: io_error.
    Status add();
    // Any thread; returns at once.
    void changed(std::string order_id);
    // Brings what has changed into the address space: reads the store. The feed's thread.
    void show();

    std::size_t orders() const { return count_; }

private:
    void show(const ProductionOrder& order);
    Status add_order(const ProductionOrder& order);
    void forget_first();

    UA_Server& server_;
    const OperationsStore& store_;
    Log& log_;
    std::deque<std::string> shown_;  // in the order in which they came
    std::atomic<std::size_t> count_{0};
    std::mutex mutex_;
    std::set<std::string> changed_;  // guarded by mutex_; at most one entry for each order
};

}  // namespace modax::opcua
