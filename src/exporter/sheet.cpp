#include "exporter/sheet.hpp"

#include "core/flat_json.hpp"
#include "core/metric_selection.hpp"
#include "exporter/rows.hpp"

#include <unistd.h>
#include <xlsxwriter.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace modax::exporter {
namespace {

class SheetStream final : public ExportStream {
public:
    SheetStream(Pages pages, ExportRequest request, std::atomic<bool>& busy)
        : pages_{std::move(pages)}, request_{std::move(request)}, busy_{busy} {}
    SheetStream(const SheetStream&) = delete;
    SheetStream& operator=(const SheetStream&) = delete;
    ~SheetStream() override {
        close();
        if (!path_.empty()) ::unlink(path_.c_str());
        if (making_) busy_ = false;
    }

    Status begin(const std::filesystem::path& directory) {
        std::error_code code;
        std::filesystem::create_directories(directory, code);
        directory_ = directory.string();
        path_ = directory_ + "/export-XXXXXX";
        const int descriptor = ::mkstemp(path_.data());
        if (descriptor < 0) {
            path_.clear();
            return fail(Errc::io_error, "cannot make a file in '" + directory_ + "'");
        }
        ::close(descriptor);
        lxw_workbook_options options{};
        options.constant_memory = LXW_TRUE;
        options.tmpdir = directory_.data();
        workbook_ = workbook_new_opt(path_.c_str(), &options);
        if (workbook_ == nullptr) return fail(Errc::io_error, "cannot begin the workbook");
        lxw_doc_properties properties{};
        // Not the time it is made, so that the same export is the same file.
        properties.created = to_micros(request_.end) / 1'000'000;
        workbook_set_properties(workbook_, &properties);
        sheet_ = workbook_add_worksheet(workbook_, nullptr);
        time_format_ = workbook_add_format(workbook_);
        format_set_num_format(time_format_, "yyyy-mm-dd hh:mm:ss.000");
        lxw_col_t column = 0;
        for (const auto& title : column_titles(request_)) text(column++, title);
        worksheet_set_column(sheet_, 0, 0, 24, nullptr);
        worksheet_freeze_panes(sheet_, 1, 0);
        ++row_;
        return {};
    }

    Result<bool> read(std::string& out) override {
        if (workbook_ != nullptr) return write_page();
        std::array<char, k_part_bytes> part{};
        file_.read(part.data(), part.size());
        out.append(part.data(), static_cast<std::size_t>(file_.gcount()));
        if (file_.bad()) return fail(Errc::io_error, "cannot read the workbook");
        return !file_.eof();
    }

private:
    Result<bool> write_page() {
        const auto more = pages_.read(
            [this](const Reading& reading) {
                add(reading);
                return row_ < k_max_sheet_rows;
            },
            [this](const Bucket& bucket) {
                add(bucket);
                return row_ < k_max_sheet_rows;
            }
        );
        if (!more) return more;
        if (*more && row_ < k_max_sheet_rows) return true;
        if (*more) {
            return fail(
                Errc::invalid_argument,
                "resolution: a worksheet ends at 1,048,576 rows; ask for less"
            );
        }
        if (!close()) {
            return fail(Errc::resource_exhausted, "cannot write the workbook: is the disk full?");
        }
        making_ = busy_ = false;
        file_.open(path_, std::ios::binary);
        ::unlink(path_.c_str());
        path_.clear();
        if (!file_) return fail(Errc::io_error, "cannot read the workbook");
        return true;
    }
    bool close() {
        return workbook_ == nullptr ||
               workbook_close(std::exchange(workbook_, nullptr)) == LXW_NO_ERROR;
    }

    void text(lxw_col_t column, const std::string& value) {
        // As a string, never a formula; Excel's cells end at 32,767 characters.
        worksheet_write_string(sheet_, row_, column, value.substr(0, 32'000).c_str(), nullptr);
    }
    void number(lxw_col_t column, double value) {
        if (std::isfinite(value)) worksheet_write_number(sheet_, row_, column, value, nullptr);
    }
    // Days since 1899-12-30; UTC.
    void time(lxw_col_t column, Timestamp value) {
        constexpr double k_days_to_1970 = 25'569;
        constexpr double k_micros_per_day = 86'400e6;
        const double day =
            k_days_to_1970 + static_cast<double>(to_micros(value)) / k_micros_per_day;
        worksheet_write_number(sheet_, row_, column, day, time_format_);
    }
    void flag(lxw_col_t column, std::optional<bool> value) {
        if (value) worksheet_write_boolean(sheet_, row_, column, *value ? 1 : 0, nullptr);
    }
    void value(lxw_col_t column, const MetricValue& value) {
        if (const auto* a_number = std::get_if<double>(&value)) {
            number(column, *a_number);
        } else if (const auto* a_flag = std::get_if<bool>(&value)) {
            flag(column, *a_flag);
        } else {
            text(column, std::get<std::string>(value));
        }
    }

    void add(const Reading& reading) {
        time(0, reading.time);
        text(1, request_.device->id());
        if (reading.sequence >= 0) number(2, static_cast<double>(reading.sequence));
        lxw_col_t column = 3;
        if (request_.metrics.empty()) {
            for (const double one : reading.quantities) number(column++, one);
            flag(column++, reading.is_safe);
            if (!reading.metrics.empty()) {
                std::string metrics;
                append_metrics_json(metrics, reading.metrics);
                text(column, metrics);
            }
        }
        for (const auto& name : request_.metrics) {
            if (const auto quantity = quantity_index(name)) {
                number(column, reading.quantities[*quantity]);
            } else if (name == "is_safe") {
                flag(column, reading.is_safe);
            } else if (const MetricValue* found = find_metric(reading, name)) {
                value(column, *found);
            }
            ++column;
        }
        ++row_;
    }
    void add(const Bucket& bucket) {
        bucket.each([&](const std::string& name, const Summary& summary) {
            if (row_ >= k_max_sheet_rows) return;
            time(0, bucket.start());
            text(1, request_.device->id());
            text(2, name);
            number(3, static_cast<double>(summary.count));
            number(4, summary.min);
            number(5, summary.max);
            number(6, summary.mean());
            number(7, summary.first);
            number(8, summary.last);
            number(9, summary.standard_deviation().value_or(std::nan("")));
            ++row_;
        });
    }

    Pages pages_;
    const ExportRequest request_;
    std::atomic<bool>& busy_;
    bool making_ = true;
    std::string directory_;
    std::string path_;  // empty once the file has no name
    lxw_workbook* workbook_ = nullptr;
    lxw_worksheet* sheet_ = nullptr;
    lxw_format* time_format_ = nullptr;
    lxw_row_t row_ = 0;
    std::ifstream file_;
};

}  // namespace

Result<std::unique_ptr<ExportStream>> make_sheet(
    Pages pages,
    const ExportRequest& request,
    const std::filesystem::path& directory,
    std::atomic<bool>& busy
) {
    if (busy.exchange(true)) {
        return fail(Errc::unavailable, "another workbook is just being made; try again");
    }
    auto stream = std::make_unique<SheetStream>(std::move(pages), request, busy);
    if (auto begun = stream->begin(directory); !begun) return tl::make_unexpected(begun.error());
    return stream;
}

}  // namespace modax::exporter
