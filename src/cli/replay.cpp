#include "cli/command.hpp"
#include "cli/mqtt_target.hpp"
#include "cli/progress.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "simulation/csv_replay.hpp"
#include "simulation/payload.hpp"

#include <charconv>
#include <cmath>
#include <iostream>
#include <memory>
#include <utility>

namespace modax::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t k_progress_total = 1'000'000;
constexpr std::uint64_t k_told_rows = 20;  // bad rows that are told one by one

struct ReplayOptions {
    std::string file;
    std::string device;
    std::string speed = "1";
    bool loop = false;
    std::string timestamps = "now";
    std::vector<std::string> map;
    std::string time_column = "timestamp";
    std::string delimiter;
    MqttTarget target;
};

// nullopt: as fast as acknowledgements allow.
Result<std::optional<double>> parse_speed(const std::string& text) {
    if (text == "max") return std::optional<double>{};
    double speed = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(speed) ||
        speed <= 0) {
        return fail(
            Errc::invalid_argument,
            "--speed must be a number above 0 or 'max', not '" + text + "'; for example 60"
        );
    }
    return std::optional{speed};
}

Result<simulation::CsvReplayOptions> csv_options(const ReplayOptions& options) {
    simulation::CsvReplayOptions csv;
    csv.time_column = options.time_column;
    if (options.delimiter == "tab" || options.delimiter == "\\t") {
        csv.delimiter = '\t';
    } else if (options.delimiter.size() == 1) {
        csv.delimiter = options.delimiter.front();
    } else if (!options.delimiter.empty()) {
        return fail(
            Errc::invalid_argument,
            "--delimiter must be one character or 'tab', not '" + options.delimiter + "'"
        );
    }
    for (const std::string& text : options.map) {
        auto column = simulation::parse_column_map(text);
        if (!column) return tl::make_unexpected(column.error());
        csv.map.push_back(std::move(*column));
    }
    return csv;
}

// One run of the command.
class Replay {
public:
    Replay(
        const ReplayOptions& options,
        std::optional<double> speed,
        simulation::CsvReplay csv,
        mqtt::ClientOptions client
    )
        : options_{options},
          topic_{options.target.topic_prefix + "/sensor/data/" + options.device},
          speed_{speed},
          csv_{std::move(csv)},
          progress_{
              "replay " + options.device,
              "readings",
              options.loop ? std::nullopt : std::optional{k_progress_total}},
          session_{options.target, std::move(client), [this] { work(); }} {}

    int run();

private:
    void work();
    // False: there is none now (the end, or not yet due).
    bool publish_next();
    bool read_next();
    bool start_over();
    void tell_bad_row(const Error& error);

    const ReplayOptions& options_;
    const std::string topic_;
    const std::optional<double> speed_;
    simulation::CsvReplay csv_;
    Progress progress_;
    std::optional<simulation::CsvRow> row_;
    std::uint64_t rows_ = 0;
    std::uint64_t rows_of_pass_ = 0;
    std::uint64_t bad_rows_ = 0;
    std::chrono::microseconds last_offset_{0};
    std::chrono::microseconds last_gap_{0};
    std::optional<SteadyClock::time_point> start_;  // of the pass; nullopt: not begun
    Timestamp wall_start_;
    MqttSession session_;
};

bool Replay::start_over() {
    if (rows_of_pass_ == 0) {
        session_.fail(
            {Errc::invalid_argument,
             "'" + options_.file + "' has no row that can be replayed; see --time-column and --map"}
        );
        return false;
    }
    if (!options_.loop) {
        session_.finish();
        return false;
    }
    if (auto rewound = csv_.rewind(); !rewound) {
        session_.fail(rewound.error());
        return false;
    }
    // The next pass follows like one row more.
    const auto length = last_offset_ + last_gap_;
    const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::duration<double, std::micro>{
            static_cast<double>(length.count()) / speed_.value_or(1)}
    );
    *start_ += elapsed;
    wall_start_ += elapsed;
    rows_of_pass_ = 0;
    last_offset_ = last_gap_ = std::chrono::microseconds{0};
    return true;
}

void Replay::tell_bad_row(const Error& error) {
    ++bad_rows_;
    if (bad_rows_ > k_told_rows) return;
    std::cerr << "modax: " << error.detail << "; the row is left out\n";
    if (bad_rows_ == k_told_rows) std::cerr << "modax: further bad rows are only counted\n";
}

bool Replay::read_next() {
    for (;;) {
        auto next = csv_.next();
        if (!next) {
            if (next.error().code != Errc::invalid_argument) {
                session_.fail(next.error());
                return false;
            }
            tell_bad_row(next.error());
            continue;
        }
        if (*next) {
            row_ = std::move(**next);
            return true;
        }
        if (!start_over()) return false;
    }
}

bool Replay::publish_next() {
    if (!row_ && !read_next()) return false;
    if (!start_) {
        start_ = SteadyClock::now();
        wall_start_ = SystemClock{}.now();
    }
    Timestamp time = SystemClock{}.now();
    if (speed_) {
        const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::duration<double, std::micro>{
                static_cast<double>(row_->offset.count()) / *speed_}
        );
        if (const auto due = *start_ + elapsed; due > SteadyClock::now()) {
            session_.wake_at(due);
            return false;
        }
        // When the row was due, so that a stay without connection leaves no knot behind.
        time = wall_start_ + elapsed;
    }
    // With the times of the file a second run gives the same readings, which are stored once.
    const bool original = options_.timestamps == "original";
    std::string payload;
    simulation::append_reading_payload(
        payload,
        options_.device,
        original ? row_->time : time,
        original ? rows_of_pass_ : rows_,
        row_->members
    );
    session_.publish(topic_, std::move(payload), options_.target.qos);
    last_gap_ = row_->offset - std::exchange(last_offset_, row_->offset);
    ++rows_;
    ++rows_of_pass_;
    row_.reset();
    return true;
}

void Replay::work() {
    while (session_.has_room() && publish_next()) {
    }
    progress_.update(
        static_cast<std::uint64_t>(csv_.progress() * k_progress_total), session_.confirmed()
    );
}

int Replay::run() {
    const auto ended = session_.run();
    progress_.update(
        static_cast<std::uint64_t>(csv_.progress() * k_progress_total), session_.confirmed()
    );
    progress_.finish();
    if (!ended) return report(ended.error());
    std::cout << counted(session_.confirmed(), "reading")
              << (options_.target.qos > 0 ? " acknowledged" : " sent");
    if (bad_rows_ > 0) std::cout << ", " << counted(bad_rows_, "bad row") << " left out";
    if (session_.refused() > 0) std::cout << ", " << session_.refused() << " refused";
    if (session_.unacknowledged() > 0) {
        std::cout << ", " << session_.unacknowledged() << " without acknowledgement";
    }
    std::cout << (session_.interrupted() ? "; interrupted.\n" : ".\n");
    const bool complete =
        bad_rows_ == 0 && session_.refused() == 0 && session_.unacknowledged() == 0;
    return complete ? k_exit_ok : k_exit_failure;
}

int run_replay(const ReplayOptions& options) {
    if (!is_valid_device_id(options.device)) {
        return report(
            "--device '" + options.device +
                "' is no device id: letters, digits, '.', '_' and '-', at most 64",
            k_exit_usage
        );
    }
    const auto speed = parse_speed(options.speed);
    if (!speed) return report(speed.error());
    const auto csv = csv_options(options);
    if (!csv) return report(csv.error());
    auto client = client_options(options.target);
    if (!client) return report(client.error());
    auto opened = simulation::CsvReplay::open(std::filesystem::path{options.file}, *csv);
    if (!opened) return report(opened.error());
    return Replay{options, *speed, std::move(*opened), std::move(*client)}.run();
}

}  // namespace

void add_replay(CLI::App& app, Action& action) {
    auto* replay = app.add_subcommand(
        "replay",
        "Publish the readings of a CSV file over MQTT in their own rhythm (exit code 1 when a row "
        "was left out or not acknowledged)"
    );
    auto options = std::make_shared<ReplayOptions>();
    replay->add_option("FILE", options->file, "CSV file: a header, then one reading per row")
        ->required();
    replay->add_option("--device", options->device, "Device id the readings are published as")
        ->required();
    replay
        ->add_option(
            "--speed",
            options->speed,
            "How many times faster than the file, or 'max': as fast as acknowledgements allow"
        )
        ->type_name("N|max")
        ->capture_default_str();
    replay->add_flag("--loop", options->loop, "Begin again at the end, until interrupted");
    replay
        ->add_option("--timestamps", options->timestamps, "Times that are sent: now, or the file's")
        ->check(CLI::IsMember({"now", "original"}))
        ->capture_default_str();
    replay
        ->add_option(
            "--map",
            options->map,
            "Publish a column under another name; an empty name leaves it out (repeatable)"
        )
        ->type_name("COLUMN=NAME")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    replay->add_option("--time-column", options->time_column, "Column that holds the time")
        ->capture_default_str();
    replay
        ->add_option(
            "--delimiter",
            options->delimiter,
            "Between columns (default: found out from the header)"
        )
        ->type_name("CHARACTER|tab");
    add_mqtt_target_options(*replay, options->target);
    replay->callback([options, &action] { action = [options] { return run_replay(*options); }; });
}

}  // namespace modax::cli
