// Batches into the plant store, one transaction each, over one connection that is opened when it is
// needed. Readings go straight into their table by COPY, which fails when one is there already
// (after a kill, or when two gateways got the same message); then the batch goes the longer way,
// by a temporary table and INSERT … ON CONFLICT. Owned by app; used by the forwarder's thread.
#pragma once

#include "core/plant_store.hpp"
#include "store/connection.hpp"
#include "store/metric_columns.hpp"
#include "store/plant_tables.hpp"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace modax::store {

class PlantWriter final : public PlantStore {
public:
    // `prepare` sees each new connection first and may refuse it (a schema that is too old).
    PlantWriter(
        Target target,
        std::vector<MetricColumn> columns,
        std::string gateway,
        std::function<Status(Connection&)> prepare
    );

    tl::expected<PlantWritten, PlantFailure> write(
        const PlantBatch& batch, const std::stop_token& stop
    ) override;

private:
    tl::expected<void, PlantFailure> connect(const std::stop_token& stop);
    Status learn_devices(const PlantBatch& batch);
    Status learn(const Device& device);
    Result<PlantWritten> write_all(const PlantBatch& batch, bool straight);
    Status put(TableRows made, bool straight, PlantWritten& written);
    PlantFailure failure(const Error& error);

    const Target target_;
    const std::vector<MetricColumn> columns_;
    const std::string gateway_;
    const std::function<Status(Connection&)> prepare_;
    std::optional<Connection> connection_;
    // By number: as the plant store spells it.
    std::unordered_map<std::uint32_t, std::string> names_;
};

}  // namespace modax::store
