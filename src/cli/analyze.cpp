#include "analysis/device_model.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"
#include "core/flat_json.hpp"
#include "simulation/csv_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

constexpr std::array<std::string_view, 5> k_time_names{
    "timestamp", "datetime", "time", "date", "ts"};
// What others found out about the data; looking at it would be cheating.
constexpr std::array<std::string_view, 4> k_label_names{
    "anomaly", "changepoint", "label", "is_anomaly"};
constexpr std::uint64_t k_told_rows = 20;  // bad rows that are told one by one

struct AnalyzeOptions {
    std::string input;
    std::string output;  // empty: standard output
    std::string time_column;
    std::vector<std::string> metrics;
    std::string delimiter;
};

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<double> number_in(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// ISO 8601, or seconds or milliseconds since 1970.
std::optional<Timestamp> time_in(std::string_view text) {
    constexpr double k_first_milliseconds = 1e11;
    if (const auto time = parse_iso8601(text)) return time;
    const auto number = number_in(text);
    if (!number || !(*number >= 0) || *number > 1e15) return std::nullopt;
    return from_micros(std::llround(*number * (*number < k_first_milliseconds ? 1e6 : 1e3)));
}

// One run of the command.
class AnalyzeRun {
public:
    AnalyzeRun(
        const AnalyzeOptions& options,
        simulation::CsvReader reader,
        std::uint64_t size,
        std::ostream& out
    )
        : options_{options},
          reader_{std::move(reader)},
          out_{out},
          progress_{
              "analyze " + options.input, "rows", size > 0 ? std::optional{size} : std::nullopt} {}

    Status run();
    std::uint64_t rows() const { return rows_; }
    std::uint64_t bad_rows() const { return bad_rows_; }

private:
    Status read_header();
    // What is wrong with the row; empty: nothing.
    std::string fill(const std::vector<std::string>& cells);
    void fill_cell(const std::string& name, std::string_view text);
    void write(const std::string& time, const analysis::DeviceModel::Row& row);

    const AnalyzeOptions& options_;
    simulation::CsvReader reader_;
    std::ostream& out_;
    Progress progress_;
    std::size_t time_position_ = 0;
    std::vector<std::pair<std::size_t, std::string>> columns_;
    Device device_{1, "file", Timestamp{}};
    analysis::DeviceModel model_{device_, {}};
    Reading reading_;
    std::uint64_t rows_ = 0;
    std::uint64_t bad_rows_ = 0;
    std::string line_;
};

Status AnalyzeRun::read_header() {
    const auto header = reader_.next();
    if (!header) return tl::make_unexpected(header.error());
    if (!*header) return reader_.error_here("the file is empty; a header is needed");
    const auto& names = ***header;
    std::optional<std::size_t> time;
    const auto look_for = [&](std::string_view wanted) {
        for (std::size_t i = 0; i < names.size() && !time; ++i) {
            if (lower(trimmed(names[i])) == lower(wanted)) time = i;
        }
    };
    if (!options_.time_column.empty()) {
        look_for(options_.time_column);
    } else {
        for (const auto name : k_time_names) look_for(name);
    }
    if (!time) {
        return reader_.error_here(
            "no column for the time" +
            (options_.time_column.empty() ? std::string{} : " named '" + options_.time_column + "'"
            ) +
            "; name one with --time, or another --delimiter"
        );
    }
    time_position_ = *time;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string name{trimmed(names[i])};
        const bool chosen = std::find(options_.metrics.begin(), options_.metrics.end(), name) !=
                            options_.metrics.end();
        const bool label = std::find(k_label_names.begin(), k_label_names.end(), lower(name)) !=
                           k_label_names.end();
        const bool wanted = options_.metrics.empty() ? !label : chosen;
        if (i != time_position_ && wanted) columns_.emplace_back(i, name);
    }
    for (const auto& metric : options_.metrics) {
        const bool found = std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) {
            return column.second == metric;
        });
        if (!found) return reader_.error_here("no column '" + metric + "' (--metrics)");
    }
    if (columns_.empty()) return reader_.error_here("no column besides the time has values");
    return {};
}

void AnalyzeRun::fill_cell(const std::string& name, std::string_view text) {
    const std::string word = lower(text);
    if (name == "is_safe") {
        reading_.is_safe = word == "true" || word == "1";
        return;
    }
    auto number = number_in(text);
    if (!number && reader_.delimiter() != ',') {
        std::string with_point{text};
        std::replace(with_point.begin(), with_point.end(), ',', '.');
        number = number_in(with_point);
    }
    const auto* const quantity = std::find(k_quantity_names.begin(), k_quantity_names.end(), name);
    if (number && !std::isfinite(*number)) return;
    if (number && quantity != k_quantity_names.end()) {
        reading_.quantities[static_cast<std::size_t>(quantity - k_quantity_names.begin())] =
            *number;
    } else if (number) {
        reading_.metrics.push_back({name, *number});
    } else if (!text.empty() && word != "nan" && word != "null" && word != "na") {
        reading_.metrics.push_back({name, std::string{text}});
    }
}

std::string AnalyzeRun::fill(const std::vector<std::string>& cells) {
    const Timestamp before = reading_.time;
    reading_ = Reading{};
    reading_.device = &device_;
    reading_.time = before;
    if (cells.size() <= time_position_) return "the row has no time";
    const auto time = time_in(trimmed(cells[time_position_]));
    if (!time) return "the time is '" + cells[time_position_] + "'";
    // A clock that went back, as when summer time ends: the row follows at once.
    reading_.time = std::max(*time, before);
    for (const auto& [position, name] : columns_) {
        if (position < cells.size()) fill_cell(name, trimmed(cells[position]));
    }
    return {};
}

void AnalyzeRun::write(const std::string& time, const analysis::DeviceModel::Row& row) {
    line_.clear();
    if (time.find_first_of(",\"\n") == std::string::npos) {
        line_ += time;
    } else {
        line_ += '"';
        for (const char c : time) {
            if (c == '"') line_ += '"';
            line_ += c;
        }
        line_ += '"';
    }
    line_ += ',';
    append_json_number(line_, row.score);
    line_ += row.has_anomaly ? ",1," : ",0,";
    if (row.has_anomaly) {
        line_ += name_of(row.type);
        line_ += ',';
        append_json_number(line_, std::round(row.confidence * 1000) / 1000);
    } else {
        line_ += ',';
    }
    out_ << line_ << '\n';
}

Status AnalyzeRun::run() {
    if (auto read = read_header(); !read) return read;
    out_ << "timestamp,anomaly_score,has_anomaly,anomaly_type,confidence\n";
    bool had_anomaly = false;
    for (;;) {
        auto record = reader_.next();
        if (!record) return tl::make_unexpected(record.error());
        if (!*record) break;
        const auto& cells = ***record;
        analysis::DeviceModel::Row row{.has_anomaly = had_anomaly};
        if (auto problem = fill(cells); problem.empty()) {
            row = model_.step(reading_);
        } else {
            // A row for each row, so that the output lines up with the input.
            ++bad_rows_;
            if (bad_rows_ <= k_told_rows) {
                std::cerr << "modax: " << reader_.error_here(problem).value().detail
                          << "; the row gets no score\n";
            }
        }
        had_anomaly = row.has_anomaly;
        write(time_position_ < cells.size() ? cells[time_position_] : std::string{}, row);
        progress_.update(reader_.bytes_read(), ++rows_);
    }
    progress_.finish();
    out_.flush();
    if (!out_) return fail(Errc::io_error, "cannot write the result: is the disk full?");
    return {};
}

int run_analyze(const AnalyzeOptions& options) {
    std::optional<char> delimiter;
    if (options.delimiter == "tab" || options.delimiter == "\\t") {
        delimiter = '\t';
    } else if (options.delimiter.size() == 1) {
        delimiter = options.delimiter.front();
    } else if (!options.delimiter.empty()) {
        return report(
            "--delimiter must be one character or 'tab', not '" + options.delimiter + "'",
            k_exit_usage
        );
    }
    auto in = std::make_unique<std::ifstream>(options.input, std::ios::binary);
    std::error_code error;
    if (!*in || std::filesystem::is_directory(options.input, error)) {
        return report("cannot open '" + options.input + "' for reading", k_exit_failure);
    }
    const auto size = std::filesystem::file_size(options.input, error);
    std::ofstream file;
    if (!options.output.empty()) {
        if (std::filesystem::equivalent(options.input, options.output, error)) {
            return report("the output would overwrite the input", k_exit_usage);
        }
        file.open(options.output, std::ios::binary | std::ios::trunc);
        if (!file) return report("cannot write '" + options.output + "'", k_exit_failure);
    }
    AnalyzeRun run{
        options,
        simulation::CsvReader{std::move(in), options.input, delimiter},
        error ? 0 : size,
        options.output.empty() ? std::cout : file};
    if (auto done = run.run(); !done) return report(done.error());
    if (run.bad_rows() > 0) {
        return report(std::to_string(run.bad_rows()) + " rows got no score", k_exit_failure);
    }
    return k_exit_ok;
}

}  // namespace

void add_analyze(CLI::App& app, Action& action) {
    auto* analyze = app.add_subcommand(
        "analyze",
        "Look for anomalies in a CSV file with the gateway's own analysis: a row for each row, "
        "judged by the rows before it"
    );
    auto options = std::make_shared<AnalyzeOptions>();
    analyze->add_option("INPUT", options->input, "CSV file: a header, then one reading per row")
        ->required();
    analyze->add_option(
        "-o,--output", options->output, "Where the result goes (default: standard output)"
    );
    analyze
        ->add_option(
            "--time",
            options->time_column,
            "Column that holds the time (default: timestamp, datetime, time, date or ts)"
        )
        ->type_name("COLUMN");
    analyze
        ->add_option(
            "--metrics",
            options->metrics,
            "Columns to look at, with commas between (default: all but the time, anomaly, "
            "changepoint, label and is_anomaly)"
        )
        ->type_name("A,B")
        ->delimiter(',');
    analyze
        ->add_option(
            "--delimiter",
            options->delimiter,
            "Between columns (default: found out from the header)"
        )
        ->type_name("CHARACTER|tab");
    analyze->callback([options, &action] { action = [options] { return run_analyze(*options); }; });
}

}  // namespace modax::cli
