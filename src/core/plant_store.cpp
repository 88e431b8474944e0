#include "core/plant_store.hpp"

#include <algorithm>
#include <iterator>

namespace modax {

std::size_t PlantBatch::rows() const {
    return readings.size() + safety.size() + analyses.size() + orders.size() + reports.size() +
           inspections.size() + statuses.size();
}

PlantBatch PlantBatch::split(std::size_t count) {
    PlantBatch rest;
    const auto move_tail = [&count](auto& from, auto& to) {
        const std::size_t kept = std::min(count, from.size());
        const auto tail = from.begin() + static_cast<std::ptrdiff_t>(kept);
        to.assign(std::make_move_iterator(tail), std::make_move_iterator(from.end()));
        from.erase(tail, from.end());
        count -= kept;
    };
    move_tail(readings, rest.readings);
    move_tail(safety, rest.safety);
    move_tail(analyses, rest.analyses);
    move_tail(orders, rest.orders);
    move_tail(reports, rest.reports);
    move_tail(inspections, rest.inspections);
    move_tail(statuses, rest.statuses);
    return rest;
}

}  // namespace modax
