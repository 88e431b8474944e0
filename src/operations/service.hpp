// The rules of orders, inspections and equipment over an OperationsStore. Owned by app;
// thread-safe.
#pragma once

#include "core/clock.hpp"
#include "core/operations.hpp"
#include "core/random.hpp"
#include "core/shift.hpp"
#include "core/statistics.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::operations {

class Service final : public Operations, public StatisticsContributor {
public:
    // SHA-256 in hexadecimal digits, for the audit log.
    using Hash = std::function<std::string(std::string_view)>;

    // All must outlive it.
    Service(
        OperationsStore& store,
        const Clock& clock,
        Random& random,
        Hash hash,
        std::vector<Shift> shifts = {}
    );

    Result<std::string> create(ProductionOrder order, const BusinessOrigin& origin) override;
    Result<std::string> move(
        std::string_view order_id,
        std::string_view verb,
        std::string_view device_id,
        std::optional<Timestamp> time,
        const BusinessOrigin& origin
    ) override;
    Result<std::string> report(
        ProductionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
    ) override;
    Result<std::string> inspect(
        InspectionReport report, std::optional<Timestamp> time, const BusinessOrigin& origin
    ) override;
    Result<std::string> set_status(
        EquipmentStatus status, std::optional<Timestamp> start, const BusinessOrigin& origin
    ) override;

    Result<std::string> order_json(std::string_view id, const BusinessOrigin& origin)
        const override;
    Result<std::string> orders_json(const OrderQuery& query, const BusinessOrigin& origin)
        const override;
    Result<std::string> lot_json(std::string_view id, const BusinessOrigin& origin) const override;
    Result<std::string> statuses_json(const StatusQuery& query, const BusinessOrigin& origin)
        const override;

    Result<std::string> capability_json(const CapabilityQuery& query, const BusinessOrigin& origin)
        const override;

    // OEE of the interval; and of the order that was reported of last in the interval (made or told
    // in it).
    Result<std::vector<StatisticsMember>> contribute(const StatisticsQuery& query) const override;

private:
    struct Change;
    using Rules = std::function<Status(Change&)>;

    std::string new_id() const;
    // Runs the rules in a transaction; they fill in what is told of it.
    Result<std::string> change(
        std::string_view action,
        const std::string& object,
        const BusinessOrigin& origin,
        const Rules& rules
    );
    Result<std::string> oee_json(
        const StatisticsQuery& query, const std::vector<ProductionReport>& reports
    ) const;
    Status check_time(std::string_view field, Timestamp time) const;

    OperationsStore& store_;
    const Clock& clock_;
    Random& random_;
    const Hash hash_;
    const std::vector<Shift> shifts_;
};

}  // namespace modax::operations
