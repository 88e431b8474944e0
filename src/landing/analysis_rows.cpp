#include "landing/analysis_rows.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace modax::landing {
namespace {

using nlohmann::json;

json json_of(double number) {
    return std::isfinite(number) ? json(number) : json(nullptr);
}

json json_of(std::optional<double> number) {
    return number ? json_of(*number) : json(nullptr);
}

double number_in(const json& value) {
    return value.is_number() ? value.get<double>() : std::nan("");
}

std::optional<double> optional_number_in(const json& value) {
    if (!value.is_number()) return std::nullopt;
    return value.get<double>();
}

std::optional<AnomalyType> type_of(std::string_view name) {
    const auto* found = std::find(k_anomaly_type_names.begin(), k_anomaly_type_names.end(), name);
    if (found == k_anomaly_type_names.end()) return std::nullopt;
    return static_cast<AnomalyType>(found - k_anomaly_type_names.begin());
}

std::string details_of(const Analysis& analysis) {
    json metrics = json::array();
    for (const ContributingMetric& metric : analysis.metrics) {
        metrics.push_back(
            {{"name", metric.name},
             {"observed", json_of(metric.observed)},
             {"low", json_of(metric.expected_low)},
             {"high", json_of(metric.expected_high)},
             {"score", json_of(metric.score)},
             {"type", name_of(metric.type)}}
        );
    }
    const WearEstimate& wear = analysis.wear;
    const json details{
        {"metrics", std::move(metrics)},
        {"wear",
         {{"metric", wear.metric},
          {"level", json_of(wear.level)},
          {"hours", json_of(wear.remaining_hours)},
          {"low", json_of(wear.remaining_low)},
          {"high", json_of(wear.remaining_high)},
          {"reason", wear.reason}}},
        {"recommendations", analysis.recommendations}};
    return details.dump(-1, ' ', false, json::error_handler_t::replace);
}

void read_details(std::string_view text, Analysis& analysis) {
    const auto details = json::parse(text, nullptr, false);
    if (!details.is_object()) return;
    for (const auto& metric : details.value("metrics", json::array())) {
        analysis.metrics.push_back(
            {metric.value("name", ""),
             number_in(metric.value("observed", json{})),
             number_in(metric.value("low", json{})),
             number_in(metric.value("high", json{})),
             number_in(metric.value("score", json{})),
             type_of(metric.value("type", "")).value_or(AnomalyType::spike)}
        );
    }
    const auto wear = details.value("wear", json::object());
    analysis.wear = {
        wear.value("metric", ""),
        optional_number_in(wear.value("level", json{})),
        optional_number_in(wear.value("hours", json{})),
        optional_number_in(wear.value("low", json{})),
        optional_number_in(wear.value("high", json{})),
        wear.value("reason", "")};
    analysis.recommendations =
        details.value("recommendations", json::array()).get<std::vector<std::string>>();
}

}  // namespace

void bind_analysis(Statement& statement, const AnalysisRecord& record, std::string& details) {
    const Analysis& analysis = record.analysis;
    details = details_of(analysis);
    statement.bind(1, std::int64_t{analysis.device->number()})
        .bind(2, to_micros(analysis.time))
        .bind(3, std::int64_t{analysis.has_anomaly})
        .bind(4, analysis.anomaly_score)
        .bind(6, analysis.confidence)
        .bind(7, std::int64_t{analysis.learning})
        .bind(8, static_cast<std::int64_t>(analysis.event))
        .bind(10, std::int64_t{analysis.acknowledged})
        .bind(11, std::string_view{analysis.message})
        .bind(12, std::string_view{details})
        .bind(13, std::string_view{analysis.model_version})
        .bind(14, record.row_score)
        .bind_blob(15, record.evidence);
    if (analysis.anomaly_type) {
        statement.bind(5, name_of(*analysis.anomaly_type));
    } else {
        statement.bind_null(5);
    }
    if (analysis.since) {
        statement.bind(9, to_micros(*analysis.since));
    } else {
        statement.bind_null(9);
    }
}

AnalysisRecord read_analysis(const Statement& row, const Device& device) {
    AnalysisRecord record;
    record.id = static_cast<std::uint64_t>(row.integer(0));
    Analysis& analysis = record.analysis;
    analysis.device = &device;
    analysis.time = from_micros(row.integer(2));
    analysis.has_anomaly = row.integer(3) != 0;
    analysis.anomaly_score = row.number(4);
    if (!row.is_null(5)) analysis.anomaly_type = type_of(row.text(5));
    analysis.confidence = row.number(6);
    analysis.learning = row.integer(7) != 0;
    analysis.event = static_cast<std::uint64_t>(row.integer(8));
    if (!row.is_null(9)) analysis.since = from_micros(row.integer(9));
    analysis.acknowledged = row.integer(10) != 0;
    analysis.message = row.text(11);
    read_details(row.text(12), analysis);
    analysis.model_version = row.text(13);
    record.row_score = row.number(14);
    return record;
}

}  // namespace modax::landing
