#include "core/analysis_json.hpp"

#include "core/flat_json.hpp"

namespace modax {
namespace {

void append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    out += '"';
    out.append(name) += "\":";
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
    append_key(out, name);
    append_json_string(out, text);
}

void append_number(std::string& out, std::string_view name, std::optional<double> number) {
    append_key(out, name);
    if (number) {
        append_json_number(out, *number);
    } else {
        out += "null";
    }
}

void append_flag(std::string& out, std::string_view name, bool flag) {
    append_key(out, name);
    out += flag ? "true" : "false";
}

void append_metric(std::string& out, const ContributingMetric& metric) {
    out += '{';
    append_text(out, "name", metric.name);
    append_number(out, "observed", metric.observed);
    append_number(out, "expected_low", metric.expected_low);
    append_number(out, "expected_high", metric.expected_high);
    append_number(out, "score", metric.score);
    append_text(out, "type", name_of(metric.type));
    out += '}';
}

void append_wear(std::string& out, const WearEstimate& wear) {
    append_number(out, "predicted_wear_level", wear.level);
    append_number(out, "estimated_remaining_hours", wear.remaining_hours);
    append_key(out, "wear");
    out += '{';
    append_text(out, "metric", wear.metric);
    append_number(out, "remaining_hours_low", wear.remaining_low);
    append_number(out, "remaining_hours_high", wear.remaining_high);
    append_text(out, "reason", wear.reason);
    out += '}';
}

void append_members(std::string& out, const Analysis& analysis) {
    append_text(out, "device_id", analysis.device->id());
    append_text(out, "timestamp", format_iso8601(analysis.time));
    append_flag(out, "has_anomaly", analysis.has_anomaly);
    append_number(out, "anomaly_score", analysis.anomaly_score);
    append_key(out, "anomaly_type");
    if (analysis.anomaly_type) {
        append_json_string(out, name_of(*analysis.anomaly_type));
    } else {
        out += "null";
    }
    append_number(out, "confidence", analysis.confidence);
    append_flag(out, "learning", analysis.learning);
    append_key(out, "event");
    out += std::to_string(analysis.event);
    append_key(out, "since");
    if (analysis.since) {
        append_json_string(out, format_iso8601(*analysis.since));
    } else {
        out += "null";
    }
    append_flag(out, "acknowledged", analysis.acknowledged);
    append_text(out, "message", analysis.message);
    append_key(out, "contributing_metrics");
    out += '[';
    for (const ContributingMetric& metric : analysis.metrics) {
        if (out.back() != '[') out += ',';
        append_metric(out, metric);
    }
    out += ']';
    append_wear(out, analysis.wear);
    append_key(out, "recommendations");
    append_json_array(out, analysis.recommendations);
    append_text(out, "model_version", analysis.model_version);
}

}  // namespace

void append_analysis_json(std::string& out, const Analysis& analysis) {
    out += '{';
    append_members(out, analysis);
    out += '}';
}

void append_analysis_json(std::string& out, const AnalysisRecord& record) {
    out += "{\"id\":" + std::to_string(record.id);
    append_members(out, record.analysis);
    out += '}';
}

}  // namespace modax
