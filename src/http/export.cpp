// GET /api/v1/export/{id}/{csv|json|ndjson|xlsx}
#include "core/clock.hpp"
#include "core/metric_selection.hpp"
#include "http/export_producer.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace modax::http {
namespace {

struct Format {
    std::string_view name;
    ExportFormat format;
    std::string_view content_type;
};
constexpr std::array<Format, 4> k_formats{
    {{"csv", ExportFormat::csv, "text/csv; charset=utf-8; header=present"},
     {"json", ExportFormat::json, "application/json"},
     {"ndjson", ExportFormat::ndjson, "application/x-ndjson"},
     {"xlsx",
      ExportFormat::xlsx,
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}}};

const Format& format_of(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    for (const Format& format : k_formats) {
        if (format.name == name) return format;
    }
    return k_formats.front();
}

// "gzip", "gzip;q=1", "*"; not "gzip;q=0" (RFC 9110 section 12.5.3).
bool accepts_gzip(std::string_view field) {
    const auto found = field.find("gzip");
    if (found == std::string_view::npos) return false;
    const auto rest = field.substr(found + 4, field.find(',', found) - found - 4);
    const auto quality = rest.find("q=");
    return quality == std::string_view::npos ||
           rest.find_first_not_of("0. \t", quality + 2) != std::string_view::npos;
}

std::string file_name(const ExportRequest& request, std::string_view extension) {
    const auto compact = [](Timestamp time) {
        std::string text;
        for (const char c : format_iso8601(time)) {
            if (c != ':' && c != '-') text += c;
        }
        return text;
    };
    std::string name = request.device->id() + '_' + compact(request.start) + '_' +
                       compact(request.end) + '_' + request.resolution_name + '.';
    name += extension;
    return name;
}

}  // namespace

void get_export(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    const Dependencies& dependencies = call.services.dependencies;
    const Format& format = format_of(call.request.path);
    std::vector<FieldError> errors;
    auto [start, end] = parse_interval(*query, dependencies.clock.now(), errors);
    ExportRequest request;
    request.device = call.device;
    request.start = start;
    request.end = end;
    request.format = format.format;
    if (const auto text = query->find("metrics")) {
        if (auto names = parse_metric_names(*text)) {
            request.metrics = std::move(*names);
        } else {
            errors.push_back({"metrics", "must be a list of metric names with commas between"});
        }
    }
    if (const auto text = query->find("resolution")) {
        const auto width = parse_rollup_resolution(*text);
        if (width) {
            request.resolution = *width;
            request.resolution_name = *text;
        } else {
            errors.push_back({"resolution", "must be raw, 1m, 5m, 15m, 1h or 1d"});
        }
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    const bool text = format.format != ExportFormat::xlsx;
    ExportConditions conditions;
    conditions.path = call.request.path;
    conditions.if_none_match = call.request.if_none_match;
    if (text) conditions.range = parse_range(call.request.range);
    conditions.if_range = call.request.if_range;
    request.gzip = text && !conditions.range && accepts_gzip(call.request.accept_encoding);

    response.content_type = format.content_type;
    response.add_field("Cache-Control", "private, no-cache");
    response.add_field("Accept-Ranges", text ? "bytes" : "none");
    if (text) response.add_field("Vary", "Accept-Encoding");
    if (request.gzip) response.add_field("Content-Encoding", "gzip");
    response.add_field(
        "Content-Disposition", "attachment; filename=\"" + file_name(request, format.name) + '"'
    );
    response.add_field("X-Content-Type-Options", "nosniff");
    AuditEntry record;
    record.actor = "key:" + call.principal.id;
    record.source = call.address;
    record.via = "rest";
    record.action = "readings.export";
    record.object = "device:" + call.device->id();
    record.detail = std::string{format.name} + ' ' + request.resolution_name;
    response.producer = std::make_unique<ExportProducer>(
        dependencies.exporter,
        std::move(request),
        std::move(conditions),
        dependencies.audit_trail,
        std::move(record)
    );
}

}  // namespace modax::http
