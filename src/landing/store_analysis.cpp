// What the analysis said, and the state of its models.
#include "landing/analysis_rows.hpp"
#include "landing/store_state.hpp"

#include <limits>

namespace modax::landing {
namespace {

constexpr std::int64_t k_removed_at_once = 5000;

Status insert_all(Connection& connection, const std::vector<AnalysisRecord>& records) {
    Statement row;
    if (auto prepared = connection.prepare(row, k_insert_analysis); !prepared) return prepared;
    std::string details;
    for (const AnalysisRecord& record : records) {
        bind_analysis(row, record, details);
        if (row.run() == Step::failed) {
            return tl::make_unexpected(connection.failure("keep an analysis"));
        }
    }
    return {};
}

Status save_all(Connection& connection, const std::vector<ModelState>& models) {
    Statement row;
    auto prepared = connection.prepare(
        row, "INSERT OR REPLACE INTO analysis_models(device, state) VALUES(?1, ?2)"
    );
    if (!prepared) return prepared;
    for (const ModelState& model : models) {
        row.bind(1, std::int64_t{model.device->number()}).bind_blob(2, model.state);
        if (row.run() == Step::failed) {
            return tl::make_unexpected(connection.failure("save the model of a device"));
        }
    }
    return {};
}

}  // namespace

Status Store::append(
    const std::vector<AnalysisRecord>& records, const std::vector<ModelState>& models
) {
    if (records.empty() && models.empty()) return {};
    return state_->change_with_audit({}, [&](Connection& connection) -> Status {
        if (auto inserted = insert_all(connection, records); !inserted) return inserted;
        return save_all(connection, models);
    });
}

Result<std::vector<AnalysisRecord>> Store::analyses(const AnalysisQuery& query) const {
    std::vector<AnalysisRecord> found;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        std::string sql = "SELECT " MODAX_ANALYSIS_COLUMNS
                          " FROM analyses WHERE id < ?1 AND time >= ?2 AND time < ?3";
        if (query.device != nullptr) sql += " AND device = ?4";
        if (query.anomalies_only) sql += " AND has_anomaly = 1";
        sql += " ORDER BY id DESC LIMIT ?5";
        Statement rows;
        if (auto prepared = reader.connection.prepare(rows, sql); !prepared) return prepared;
        constexpr auto k_highest = std::numeric_limits<std::int64_t>::max();
        constexpr auto k_lowest = std::numeric_limits<std::int64_t>::min();
        rows.bind(1, query.before == 0 ? k_highest : static_cast<std::int64_t>(query.before))
            .bind(2, query.start ? to_micros(*query.start) : k_lowest)
            .bind(3, query.end ? to_micros(*query.end) : k_highest)
            .bind(5, static_cast<std::int64_t>(query.limit));
        if (query.device != nullptr) rows.bind(4, std::int64_t{query.device->number()});
        Step step = Step::done;
        while ((step = rows.step()) == Step::row) {
            const auto number = static_cast<std::uint32_t>(rows.integer(1));
            const Device* device = state_->devices.find(number);
            if (device != nullptr) found.push_back(read_analysis(rows, *device));
        }
        if (step != Step::failed) return {};
        return tl::make_unexpected(reader.connection.failure("read the analyses"));
    });
    if (!read) return tl::make_unexpected(read.error());
    return found;
}

Result<AnalysisRecord> Store::analysis(std::uint64_t id) const {
    std::optional<AnalysisRecord> found;
    const Status read = state_->readers.read([&](ReaderConnection& reader) -> Status {
        Statement rows;
        auto prepared = reader.connection.prepare(
            rows, "SELECT " MODAX_ANALYSIS_COLUMNS ", evidence FROM analyses WHERE id = ?1"
        );
        if (!prepared) return prepared;
        rows.bind(1, static_cast<std::int64_t>(id));
        const Step step = rows.step();
        if (step == Step::failed) {
            return tl::make_unexpected(reader.connection.failure("read an analysis"));
        }
        if (step == Step::done) return {};
        const auto number = static_cast<std::uint32_t>(rows.integer(1));
        const Device* device = state_->devices.find(number);
        if (device == nullptr) return {};
        found = read_analysis(rows, *device);
        constexpr int k_evidence_column = 15;
        found->evidence = rows.text(k_evidence_column);
        return {};
    });
    if (!read) return tl::make_unexpected(read.error());
    if (!found) {
        return fail(Errc::not_found, "there is no analysis with the id " + std::to_string(id));
    }
    return std::move(*found);
}

Status Store::remove_before(Timestamp time) {
    return state_->change_with_audit({}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(
            row,
            "DELETE FROM analyses WHERE id IN"
            " (SELECT id FROM analyses WHERE time < ?1 AND id <= (SELECT CASE WHEN active"
            " THEN analyses ELSE 9223372036854775807 END FROM plant_forward)"
            " ORDER BY time LIMIT ?2)"
        );
        if (!prepared) return prepared;
        row.bind(1, to_micros(time)).bind(2, k_removed_at_once);
        if (row.run() != Step::failed) return {};
        return tl::make_unexpected(connection.failure("remove old analyses"));
    });
}

Status Store::models(const std::function<void(const Device&, std::string_view state)>& each) const {
    return state_->readers.read([&](ReaderConnection& reader) -> Status {
        Statement rows;
        auto prepared =
            reader.connection.prepare(rows, "SELECT device, state FROM analysis_models");
        if (!prepared) return prepared;
        Step step = Step::done;
        while ((step = rows.step()) == Step::row) {
            const auto number = static_cast<std::uint32_t>(rows.integer(0));
            const Device* device = state_->devices.find(number);
            if (device != nullptr) each(*device, rows.text(1));
        }
        if (step != Step::failed) return {};
        return tl::make_unexpected(reader.connection.failure("read the models of the analysis"));
    });
}

}  // namespace modax::landing
