#include "opcua/production_nodes.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace modax::opcua {

const char k_production_context = 0;

namespace {

constexpr const char* k_folder = "MODAX.Production";
constexpr const char* k_type = "MODAX.Types.ProductionOrder";

struct Member {
    std::string_view name;
    std::string_view description;
    int type;
};
constexpr std::array<Member, 9> k_members{{
    {"Status", "released, started, interrupted or completed.", UA_TYPES_STRING},
    {"Material", "What is made.", UA_TYPES_STRING},
    {"Operation", "Of the routing.", UA_TYPES_STRING},
    {"Device", "The machine on which it is made.", UA_TYPES_STRING},
    {"Quantity", "Ordered.", UA_TYPES_DOUBLE},
    {"Unit", "Of the quantities.", UA_TYPES_STRING},
    {"QuantityProduced", "Good ones reported so far.", UA_TYPES_DOUBLE},
    {"QuantityRejected", "Scrap reported so far.", UA_TYPES_DOUBLE},
    {"QuantityReworked", "Rework reported so far.", UA_TYPES_DOUBLE},
}};

void* context() {
    return const_cast<char*>(&k_production_context);  // NOLINT: open62541 has no const contexts
}

std::string path_of(std::string_view id) {
    return std::string{k_folder} + '.' + std::string{id};
}

VariableSpec spec_of(const std::string& parent, const Member& member) {
    return {
        parent + '.' + std::string{member.name},
        member.name,
        member.description,
        &UA_TYPES[member.type]};
}

}  // namespace

Status ProductionNodes::add() {
    Nodes nodes{server_};
    auto added = nodes.folder(k_folder, "Production", node_id("MODAX"));
    if (added) {
        added = nodes.object_type(
            k_type, "ProductionOrderType", "A production order and what was reported of it."
        );
    }
    for (const Member& member : k_members) {
        if (!added) return added;
        auto spec = spec_of(k_type, member);
        spec.mandatory = true;
        added = nodes.variable(spec, node_id(k_type), nullptr);
    }
    for (const char* state : {"released", "interrupted", "started"}) {
        OrderQuery query;
        query.state = state;
        query.limit = k_max_orders;
        const auto orders = store_.orders(query);
        if (!orders) return tl::make_unexpected(orders.error());
        for (const ProductionOrder& order : *orders) show(order);
    }
    return added;
}

void ProductionNodes::changed(std::string order_id) {
    const std::lock_guard lock{mutex_};
    changed_.insert(std::move(order_id));
}

void ProductionNodes::show() {
    std::set<std::string> changed;
    {
        const std::lock_guard lock{mutex_};
        changed.swap(changed_);
    }
    for (const std::string& id : changed) {
        const auto order = store_.find_order(id);
        if (!order) {
            log_.warn("opcua", "an order can't be shown", {{"reason", order.error().detail}});
        } else if (*order) {
            show(**order);
        }
    }
}

void ProductionNodes::show(const ProductionOrder& order) {
    if (std::find(shown_.begin(), shown_.end(), order.id) == shown_.end()) {
        if (auto added = add_order(order); !added) {
            log_.warn("opcua", "an order can't be shown", {{"reason", added.error().detail}});
            return;
        }
        shown_.push_back(order.id);
        if (shown_.size() > k_max_orders) forget_first();
        count_ = shown_.size();
    }
    const std::string path = path_of(order.id);
    const auto write = [&](std::string_view name, const MetricValue& value) {
        write_value(
            server_, path + '.' + std::string{name}, &value, order.changed, UA_STATUSCODE_GOOD
        );
    };
    write("Status", order.state);
    write("Material", order.material);
    write("Operation", order.operation);
    write("Device", order.device_id);
    if (order.quantity) write("Quantity", *order.quantity);
    write("Unit", order.unit);
    write("QuantityProduced", order.yield);
    write("QuantityRejected", order.scrap);
    write("QuantityReworked", order.rework);
}

Status ProductionNodes::add_order(const ProductionOrder& order) {
    Nodes nodes{server_};
    const std::string path = path_of(order.id);
    auto added = nodes.begin_object(
        path,
        order.id,
        "Production order " + order.id,
        node_id(k_folder),
        node_id(k_type),
        context()
    );
    for (const Member& member : k_members) {
        if (added) added = nodes.variable(spec_of(path, member), node_id(path), context());
    }
    if (added) added = nodes.finish(path);
    return added;
}

void ProductionNodes::forget_first() {
    UA_Server_deleteNode(&server_, node_id(path_of(shown_.front())), true);
    shown_.pop_front();
}

}  // namespace modax::opcua
