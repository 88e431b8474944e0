#include "exporter/rows.hpp"

#include "core/csv.hpp"
#include "core/flat_json.hpp"
#include "core/metric_selection.hpp"

#include <array>
#include <cmath>

namespace modax::exporter {
namespace {

constexpr std::string_view k_line_end = "\r\n";

// RFC 4180, UTF-8, with a header line.
class CsvRows final : public RowFormat {
public:
    explicit CsvRows(const ExportRequest& request) : request_{request} {
        append_csv_text(device_, request.device->id());
        for (const auto& name : request.metrics) columns_.push_back({quantity_index(name), name});
    }

    void begin(std::string& out) override {
        std::string_view separator;
        for (const auto& title : column_titles(request_)) {
            out += separator;
            append_csv_text(out, title);
            separator = ",";
        }
        out += k_line_end;
    }
    void add(std::string& out, const Reading& reading) override {
        append_iso8601(out, reading.time);
        out += ',';
        out += device_;
        out += ',';
        if (reading.sequence >= 0) out += std::to_string(reading.sequence);
        if (columns_.empty()) {
            for (const double value : reading.quantities) {
                out += ',';
                append_csv_number(out, value);
            }
            out += ',';
            append_flag(out, reading.is_safe);
            out += ',';
            if (!reading.metrics.empty()) {
                metrics_.clear();
                append_metrics_json(metrics_, reading.metrics);
                append_csv_text(out, metrics_);
            }
        }
        for (const Column& column : columns_) {
            out += ',';
            append_value(out, reading, column);
        }
        out += k_line_end;
    }
    void add(std::string& out, const Bucket& bucket) override {
        std::string start;
        append_iso8601(start, bucket.start());
        bucket.each([&](const std::string& name, const Summary& summary) {
            out += start;
            out += ',';
            out += device_;
            out += ',';
            append_csv_text(out, name);
            out += ',';
            out += std::to_string(summary.count);
            for (const double value :
                 {summary.min,
                  summary.max,
                  summary.mean(),
                  summary.first,
                  summary.last,
                  summary.standard_deviation().value_or(std::nan(""))}) {
                out += ',';
                append_csv_number(out, value);
            }
            out += k_line_end;
        });
    }
    void end(std::string&) override {}

private:
    struct Column {
        std::optional<std::size_t> quantity;
        std::string name;
    };

    static void append_flag(std::string& out, std::optional<bool> flag) {
        if (flag) out += *flag ? "true" : "false";
    }
    static void append_value(std::string& out, const Reading& reading, const Column& column) {
        if (column.quantity) {
            append_csv_number(out, reading.quantities[*column.quantity]);
        } else if (column.name == "is_safe") {
            append_flag(out, reading.is_safe);
        } else if (const MetricValue* value = find_metric(reading, column.name)) {
            if (const auto* number = std::get_if<double>(value)) {
                append_csv_number(out, *number);
            } else if (const auto* flag = std::get_if<bool>(value)) {
                append_flag(out, *flag);
            } else {
                append_csv_text(out, std::get<std::string>(*value));
            }
        }
    }

    const ExportRequest& request_;
    std::string device_;
    std::vector<Column> columns_;
    std::string metrics_;
};

// A line of JSON for each row.
class LineRows final : public RowFormat {
public:
    explicit LineRows(const ExportRequest& request) : request_{request} {}

    void begin(std::string&) override {}
    void add(std::string& out, const Reading& reading) override {
        append_selected_json(out, reading, request_.metrics);
        out += '\n';
    }
    void add(std::string& out, const Bucket& bucket) override {
        bucket.append_json(out);
        out += '\n';
    }
    void end(std::string&) override {}

private:
    const ExportRequest& request_;
};

// One object, of the shape of a history without pages.
class ObjectRows final : public RowFormat {
public:
    explicit ObjectRows(const ExportRequest& request) : request_{request} {}

    void begin(std::string& out) override {
        out += "{\"device_id\":";
        append_json_string(out, request_.device->id());
        out += ",\"start\":\"";
        append_iso8601(out, request_.start);
        out += "\",\"end\":\"";
        append_iso8601(out, request_.end);
        out += "\",\"resolution\":\"" + request_.resolution_name;
        out += request_.resolution.count() == 0 ? "\",\"readings\":[" : "\",\"buckets\":[";
    }
    void add(std::string& out, const Reading& reading) override {
        separate(out);
        append_selected_json(out, reading, request_.metrics);
    }
    void add(std::string& out, const Bucket& bucket) override {
        separate(out);
        bucket.append_json(out);
    }
    void end(std::string& out) override { out += "\n]}\n"; }

private:
    void separate(std::string& out) {
        out += first_ ? "\n" : ",\n";
        first_ = false;
    }

    const ExportRequest& request_;
    bool first_ = true;
};

}  // namespace

std::unique_ptr<RowFormat> make_row_format(const ExportRequest& request) {
    if (request.format == ExportFormat::json) return std::make_unique<ObjectRows>(request);
    if (request.format == ExportFormat::ndjson) return std::make_unique<LineRows>(request);
    return std::make_unique<CsvRows>(request);
}

std::vector<std::string> column_titles(const ExportRequest& request) {
    if (request.resolution.count() != 0) {
        return {
            "start",
            "device_id",
            "metric",
            "count",
            "min",
            "max",
            "mean",
            "first",
            "last",
            "stddev"};
    }
    std::vector<std::string> titles{"timestamp", "device_id", "seq"};
    if (request.metrics.empty()) {
        titles.insert(titles.end(), k_quantity_names.begin(), k_quantity_names.end());
        titles.insert(titles.end(), {"is_safe", "metrics"});
    } else {
        titles.insert(titles.end(), request.metrics.begin(), request.metrics.end());
    }
    return titles;
}

}  // namespace modax::exporter
