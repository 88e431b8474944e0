#include "cli/anomaly_what_if.hpp"

#include "analysis/device_model.hpp"
#include "app/identity.hpp"
#include "app/options.hpp"
#include "cli/progress.hpp"
#include "core/clock.hpp"
#include "core/duration_text.hpp"
#include "core/flat_json.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

using analysis::DeviceModel;
using std::chrono::microseconds;

constexpr std::size_t k_page = 5000;  // readings of one query
// In the gateway a second without a reading is looked at, too. Here the seconds of the first hour
// of a silence, and its end: nothing new can begin in between.
constexpr microseconds k_tick = std::chrono::seconds{1};
constexpr int k_most_ticks = 3600;

struct WhatIfOptions {
    ConfigOptions config;
    std::string device;
    std::string start;
    std::string end;
    double score = analysis::k_alarm_score;
    double level = analysis::LevelMonitor::k_limit;
    std::string on_delay;
    std::string off_delay;
    bool json = false;
};

struct Episode {
    Timestamp begin;
    std::optional<Timestamp> end{};  // nullopt: still active
    AnomalyType type = AnomalyType::spike;
    double score = 0;  // the highest
    std::string message{};
};

// One model that sees all readings, and the alarms it gives.
class Trial {
public:
    Trial(const Device& device, const analysis::ModelOptions& options) : model_{device, options} {}

    void look_at(const Reading& reading) {
        if (model_.readings() > 0) wait(reading.time);
        last_ = std::max(last_, reading.time);
        take(reading.time, model_.step(reading));
    }
    const std::vector<Episode>& episodes() const { return episodes_; }
    bool learning() const { return model_.describe().learning; }
    std::uint64_t shelved() const { return model_.shelved(); }

private:
    void wait(Timestamp until) {
        Timestamp now = last_;
        for (int i = 0; i < k_most_ticks; ++i) {
            now += k_tick;
            if (now >= until) return;
            take(now, model_.tick(now));
        }
        const Timestamp end = until - k_tick;
        if (end > now) take(end, model_.tick(end));
    }
    void take(Timestamp time, const DeviceModel::Row& row) {
        if (active_ && !row.has_anomaly) episodes_.back().end = time;
        if (row.has_anomaly && !active_) episodes_.push_back({.begin = time});
        active_ = row.has_anomaly;
        if (!active_ || !row.changed) return;
        const Analysis said = model_.describe();
        Episode& episode = episodes_.back();
        episode.type = row.type;
        episode.score = std::max(episode.score, said.anomaly_score);
        episode.message = said.message;
    }

    DeviceModel model_;
    Timestamp last_{};
    bool active_ = false;
    std::vector<Episode> episodes_;
};

Result<std::optional<Timestamp>> time_of(const std::string& option, const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto time = parse_iso8601(text);
    if (!time) {
        return fail(
            Errc::invalid_argument, option + " must be ISO 8601, for example 2026-03-01T06:00:00Z"
        );
    }
    return std::optional{*time};
}

Status set_delay(
    const std::string& option, const std::string& text, std::chrono::milliseconds& delay
) {
    if (text.empty()) return {};
    const auto parsed = parse_duration(text);
    if (!parsed) {
        return fail(Errc::invalid_argument, option + " must be a duration, for example 30s");
    }
    delay = std::chrono::duration_cast<std::chrono::milliseconds>(*parsed);
    return {};
}

Result<HistoryQuery> query_of(const WhatIfOptions& options, const Device& device) {
    const auto start = time_of("--start", options.start);
    if (!start) return tl::make_unexpected(start.error());
    const auto end = time_of("--end", options.end);
    if (!end) return tl::make_unexpected(end.error());
    HistoryQuery query;
    query.device = &device;
    query.start = start->value_or(Timestamp{});
    // A device's clock may be ahead by a day (ingest refuses more).
    query.end = end->value_or(SystemClock{}.now() + std::chrono::days{2});
    query.limit = k_page;
    return query;
}

// Gives every stored reading to both, oldest first. Returns how many.
Result<std::uint64_t> replay(
    const ReadingReader& readings, HistoryQuery query, Trial& now, Trial& tried
) {
    Progress progress{"what-if " + query.device->id(), "readings", std::nullopt};
    std::uint64_t count = 0;
    for (;;) {
        std::size_t given = 0;
        const Status read = readings.history(query, [&](const Reading& reading) {
            now.look_at(reading);
            tried.look_at(reading);
            query.after = HistoryQuery::After{reading.time, reading.sequence};
            ++given;
            return true;
        });
        if (!read) return tl::make_unexpected(read.error());
        count += given;
        progress.update(count, count);
        if (given < k_page) break;
    }
    progress.finish();
    return count;
}

void append_number(std::string& out, double value) {
    append_json_number(out, std::round(value * 1000) / 1000);
}

void print(const Episode& episode, char mark) {
    std::string line{mark};
    line += ' ' + format_iso8601(episode.begin) + " to ";
    line += episode.end ? format_iso8601(*episode.end) : std::string{"now"};
    line += ' ';
    append_number(line, episode.score);
    line += ' ' + std::string{name_of(episode.type)} + ": " + episode.message;
    // The names of metrics are the machines'; they must not move the cursor of a terminal.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?'
    );
    std::cout << line << '\n';
}

void append_episodes(std::string& out, std::string_view name, const Trial& trial) {
    out += ",\"" + std::string{name} + "\":[";
    for (const Episode& episode : trial.episodes()) {
        if (out.back() != '[') out += ',';
        out += "{\"begin\":\"" + format_iso8601(episode.begin) + "\",\"end\":";
        out += episode.end ? '"' + format_iso8601(*episode.end) + '"' : std::string{"null"};
        out +=
            ",\"anomaly_type\":\"" + std::string{name_of(episode.type)} + "\",\"anomaly_score\":";
        append_json_number(out, episode.score);
        out += ",\"message\":";
        append_json_string(out, episode.message);
        out += '}';
    }
    out += ']';
}

void print_all(const WhatIfOptions& options, std::uint64_t count, Trial& now, Trial& tried) {
    if (options.json) {
        std::string out = "{\"readings\":" + std::to_string(count);
        append_episodes(out, "as_configured", now);
        append_episodes(out, "what_if", tried);
        std::cout << out << "}\n";
        return;
    }
    for (const Episode& episode : now.episodes()) print(episode, '-');
    for (const Episode& episode : tried.episodes()) print(episode, '+');
    std::cout << count << " readings: " << now.episodes().size() << " alarms as configured (-), "
              << tried.episodes().size() << " with the thresholds tried (+)\n";
    if (tried.shelved() > 0) {
        std::cout << tried.shelved() << " more were shelved (analysis.alarms_per_hour)\n";
    }
    if (tried.learning()) {
        std::cout << "these readings are too few: the models were still learning at their end\n";
    }
}

int what_if(const WhatIfOptions& options, const config::Config& config, app::Identity& identity) {
    const Device* device = identity.devices().find(options.device);
    if (device == nullptr) {
        return report("there is no device '" + options.device + "'", k_exit_failure);
    }
    const auto query = query_of(options, *device);
    if (!query) return report(query.error());
    const auto configured = app::analysis_options(config).model;
    auto changed = configured;
    if (options.score != analysis::k_alarm_score) {
        changed.thresholds.decades = analysis::decades_of_score(options.score);
    }
    changed.thresholds.level = options.level;
    auto& alarm = changed.alarm;
    if (auto set = set_delay("--on-delay", options.on_delay, alarm.on_delay); !set) {
        return report(set.error());
    }
    if (auto set = set_delay("--off-delay", options.off_delay, alarm.off_delay); !set) {
        return report(set.error());
    }
    Trial now{*device, configured};
    Trial tried{*device, changed};
    const auto count = replay(identity.readings(), *query, now, tried);
    if (!count) return report(count.error());
    print_all(options, *count, now, tried);
    return k_exit_ok;
}

}  // namespace

void add_what_if(CLI::App& anomaly, Action& action) {
    auto* command = anomaly.add_subcommand(
        "what-if",
        "Say which alarms other thresholds would have given over the stored readings of a device, "
        "beside those of the configuration. Both models begin new with the first reading"
    );
    auto options = std::make_shared<WhatIfOptions>();
    add_config_options(*command, options->config);
    command->add_option("--device", options->device, "Whose readings")->required();
    command->add_option("--start", options->start, "First reading, ISO 8601; they learn from it");
    command->add_option("--end", options->end, "Readings before it, ISO 8601");
    command
        ->add_option(
            "--score", options->score, "From which score of a reading on it is an alarm (0.8)"
        )
        ->check(CLI::Range(0.01, 0.9999));
    command
        ->add_option(
            "--level",
            options->level,
            "How far a level must move to be an alarm, in what it usually wanders (8)"
        )
        ->check(CLI::Range(1.0, 1000.0));
    command->add_option("--on-delay", options->on_delay, "As analysis.on_delay");
    command->add_option("--off-delay", options->off_delay, "As analysis.off_delay");
    command->add_flag("--json", options->json, "One JSON object instead of lines");
    command->callback([options, &action] {
        action = [options] {
            const auto config = load_config(options->config);
            if (!config) return k_exit_config;
            const auto identity = app::Identity::open_existing(*config);
            if (!identity) return report(identity.error());
            return what_if(*options, *config, **identity);
        };
    });
}

}  // namespace modax::cli
