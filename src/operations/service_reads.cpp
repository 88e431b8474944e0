// What was stored, as JSON, for who may see it.
#include "core/json_object.hpp"
#include "operations/documents.hpp"
#include "operations/service.hpp"

#include <algorithm>

namespace modax::operations {
namespace {

template <typename Item>
std::string array_of(const std::vector<Item>& items) {
    std::string json = "[";
    for (const Item& item : items) {
        if (json.size() > 1) json += ',';
        json += document(item);
    }
    return json + ']';
}

}  // namespace

Result<std::string> Service::order_json(std::string_view id, const BusinessOrigin& origin) const {
    const auto order = store_.find_order(id);
    if (!order) return tl::make_unexpected(order.error());
    if (!*order || !origin.may((*order)->device_id)) {
        return fail(Errc::not_found, "there is no order " + std::string{id});
    }
    const auto reports = store_.reports(id);
    if (!reports) return tl::make_unexpected(reports.error());
    auto json = document(**order);
    json.pop_back();
    return json + ",\"reports\":" + array_of(*reports) + '}';
}

// A page may be short, or empty, for a key that is for certain devices; the cursor goes on.
Result<std::string> Service::orders_json(const OrderQuery& query, const BusinessOrigin& origin)
    const {
    OrderQuery one_more = query;
    one_more.limit = query.limit + 1;
    auto orders = store_.orders(one_more);
    if (!orders) return tl::make_unexpected(orders.error());
    const bool more = orders->size() > query.limit;
    if (more) orders->pop_back();
    const std::string cursor = more ? orders->back().id : std::string{};
    std::erase_if(*orders, [&](const auto& order) { return !origin.may(order.device_id); });
    return JsonObject{}.json("orders", array_of(*orders)).text("next_cursor", cursor).take();
}

Result<std::string> Service::lot_json(std::string_view id, const BusinessOrigin& origin) const {
    auto inspections = store_.inspections(id);
    if (!inspections) return tl::make_unexpected(inspections.error());
    std::erase_if(*inspections, [&](const auto& one) { return !origin.may(one.device_id); });
    if (inspections->empty()) {
        return fail(Errc::not_found, "there is no result of an inspection lot " + std::string{id});
    }
    // The newest decides about the lot.
    const InspectionReport& last = inspections->back();
    return JsonObject{}
        .text("lot_id", last.lot_id)
        .text("result", last.stated.empty() ? last.computed : last.stated)
        .text("computed_result", last.computed)
        .json("results", array_of(*inspections))
        .take();
}

Result<std::string> Service::statuses_json(const StatusQuery& query, const BusinessOrigin& origin)
    const {
    StatusQuery one_more = query;
    one_more.limit = query.limit + 1;
    auto rows = store_.statuses(one_more);
    if (!rows) return tl::make_unexpected(rows.error());
    const bool more = rows->size() > query.limit;
    if (more) rows->pop_back();
    const std::string cursor = more ? std::to_string(rows->back().number) : std::string{};
    std::vector<EquipmentStatus> statuses;
    for (const NumberedStatus& row : *rows) {
        if (origin.may(row.status.device_id)) statuses.push_back(row.status);
    }
    return JsonObject{}.json("statuses", array_of(statuses)).text("next_cursor", cursor).take();
}

}  // namespace modax::operations
