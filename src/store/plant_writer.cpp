#include "store/plant_writer.hpp"

#include <algorithm>
#include <utility>

namespace modax::store {

PlantWriter::PlantWriter(
    Target target,
    std::vector<MetricColumn> columns,
    std::string gateway,
    std::function<Status(Connection&)> prepare
)
    : target_{std::move(target)},
      columns_{std::move(columns)},
      gateway_{std::move(gateway)},
      prepare_{std::move(prepare)} {}

tl::expected<void, PlantFailure> PlantWriter::connect(const std::stop_token& stop) {
    if (connection_ && connection_->usable()) return {};
    connection_.reset();
    names_.clear();
    auto opened = Connection::open(target_, stop);
    Status ready;
    if (opened) {
        ready = prepare_(*opened);
        if (ready) {
            connection_.emplace(std::move(*opened));
            return {};
        }
    }
    PlantFailure failed = failure(opened ? ready.error() : opened.error());
    // There is no row yet that could be wrong.
    if (failed.kind == PlantFailure::Kind::rejected) {
        failed.kind = PlantFailure::Kind::misconfigured;
    }
    return tl::make_unexpected(std::move(failed));
}

PlantFailure PlantWriter::failure(const Error& error) {
    using Kind = PlantFailure::Kind;
    const auto kind = [&] {
        switch (error.code) {
            case Errc::invalid_argument:
            case Errc::already_exists:
                return Kind::rejected;
            case Errc::unavailable:
            case Errc::timed_out:
            case Errc::resource_exhausted:
                return Kind::unavailable;
            case Errc::cancelled:
                return Kind::stopped;
            default:
                return Kind::misconfigured;
        }
    }();
    return {kind, error.detail};
}

tl::expected<PlantWritten, PlantFailure> PlantWriter::write(
    const PlantBatch& batch, const std::stop_token& stop
) {
    if (auto connected = connect(stop); !connected) {
        return tl::make_unexpected(connected.error());
    }
    if (auto learned = learn_devices(batch); !learned) {
        return tl::make_unexpected(failure(learned.error()));
    }
    auto written = write_all(batch, true);
    if (!written && written.error().code == Errc::already_exists) {
        written = write_all(batch, false);
    }
    if (!written) return tl::make_unexpected(failure(written.error()));
    return *written;
}

Status PlantWriter::learn_devices(const PlantBatch& batch) {
    const auto learn_of = [this](const Device& device) -> Status {
        return names_.contains(device.number()) ? Status{} : learn(device);
    };
    for (const Reading& reading : batch.readings) {
        if (auto learned = learn_of(*reading.device); !learned) return learned;
    }
    for (const SafetyStatus& status : batch.safety) {
        if (auto learned = learn_of(*status.device); !learned) return learned;
    }
    for (const AnalysisRecord& record : batch.analyses) {
        if (auto learned = learn_of(*record.analysis.device); !learned) return learned;
    }
    return {};
}

Status PlantWriter::learn(const Device& device) {
    const auto made = connection_->query(
        "INSERT INTO public.devices(device_id, registered_at) VALUES($1, $2::timestamptz)"
        " ON CONFLICT DO NOTHING",
        {device.id(), format_iso8601(device.registered())}
    );
    if (!made) return tl::make_unexpected(made.error());
    // Another gateway may have made it, in other letters.
    const auto known = connection_->query(
        "SELECT device_id FROM public.devices WHERE lower(device_id) = lower($1)", {device.id()}
    );
    if (!known) return tl::make_unexpected(known.error());
    if (known->count() == 0) {
        return fail(Errc::unavailable, "the device " + device.id() + " was just deleted");
    }
    names_.emplace(device.number(), std::string{known->text(0, 0)});
    return {};
}

Result<PlantWritten> PlantWriter::write_all(const PlantBatch& batch, bool straight) {
    const Spelling name = [this](const Device& device) -> const std::string& {
        return names_.at(device.number());
    };
    PlantWritten written;
    const Status done = connection_->transaction([&]() -> Status {
        Status put_all = put(readings_of(batch.readings, columns_, name), straight, written);
        if (put_all) put_all = put(safety_of(batch.safety, name), straight, written);
        if (put_all) put_all = put(analyses_of(batch.analyses, gateway_, name), false, written);
        if (put_all) put_all = put(orders_of(batch.orders), false, written);
        if (put_all) put_all = put(reports_of(batch.reports), false, written);
        if (put_all) put_all = put(inspections_of(batch.inspections), false, written);
        if (put_all) put_all = put(statuses_of(batch.statuses), false, written);
        if (!put_all || batch.readings.empty()) return put_all;
        auto minutes = minutes_of(batch.readings, name);
        const auto noted = connection_->copy_in(
            "COPY modax_internal.dirty_minutes(minute, device_id) FROM STDIN (FORMAT binary)",
            minutes.finish()
        );
        if (!noted) return tl::make_unexpected(noted.error());
        PlantWritten uncounted;
        return put(latest_of(batch.readings, name), false, uncounted);
    });
    if (!done) return tl::make_unexpected(done.error());
    return written;
}

Status PlantWriter::put(TableRows made, bool straight, PlantWritten& written) {
    if (made.rows.empty()) return {};
    const std::string table{made.table};
    const std::size_t count = made.rows.count();
    const std::string staged = "staged_" + table;
    if (!straight) {
        auto staging = connection_->execute(
            "CREATE TEMP TABLE IF NOT EXISTS " + staged + " ON COMMIT DELETE ROWS AS SELECT " +
            made.columns + " FROM public." + table + " WITH NO DATA"
        );
        if (!staging) return staging;
    }
    const std::string target =
        straight ? "public." + table + "(" + made.columns + ")" : "pg_temp." + staged;
    const auto copied =
        connection_->copy_in("COPY " + target + " FROM STDIN (FORMAT binary)", made.rows.finish());
    if (!copied) return tl::make_unexpected(copied.error());
    std::uint64_t inserted = *copied;
    if (!straight) {
        const auto merged = connection_->query(
            "INSERT INTO public." + table + "(" + made.columns + ") SELECT " + made.columns +
            " FROM pg_temp." + staged + " ON CONFLICT " + std::string{made.conflict}
        );
        if (!merged) return tl::make_unexpected(merged.error());
        inserted = merged->affected();
    }
    written.rows += count;
    written.duplicates += count - std::min<std::uint64_t>(inserted, count);
    return {};
}

}  // namespace modax::store
