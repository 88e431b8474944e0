// The plant's PostgreSQL: with database.url the landing store is its spool.
#include "app/database.hpp"
#include "app/gateway_parts.hpp"
#include "store/schema.hpp"

#include <utility>

namespace modax::app {

// Before the writer starts, whose retention must know what to leave alone.
Status Gateway::Parts::open_spool() {
    if (config.database.url.empty()) return landing::Spool::detach(*store);
    auto target = database_target(config);
    if (!target) return tl::make_unexpected(target.error());
    auto columns = store::parse_metric_columns(config.database.metric_columns);
    if (!columns) return tl::make_unexpected(columns.error());
    auto attached = landing::Spool::attach(*store, store::describe(*target));
    if (!attached) return tl::make_unexpected(attached.error());
    spool = std::move(*attached);
    store::MigrationOptions migration;
    migration.use_timescale = config.database.timescaledb == config::UseTimescale::automatic;
    migration.columns = *columns;
    plant = std::make_unique<store::PlantWriter>(
        std::move(*target),
        std::move(*columns),
        spool->gateway(),
        [this, migration](store::Connection& connection) {
            return store::migrate(connection, migration, [this](const std::string& title) {
                log->info("database", "the schema is brought up to date", {{"step", title}});
            });
        }
    );
    return {};
}

void Gateway::Parts::start_forwarder() {
    if (!spool) return;
    store::ForwarderOptions options;
    options.batch = config.database.batch;
    options.interval = config.database.interval;
    forwarder = std::make_unique<store::Forwarder>(
        *spool, *plant, [this] { return writer->bytes_to_stop(); }, options, clock, random, *log
    );
    metrics.add(*forwarder);
}

}  // namespace modax::app
