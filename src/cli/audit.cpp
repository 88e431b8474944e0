// `modax audit`: the record of who did what, with the gateway running or not.
#include "app/identity.hpp"
#include "cli/command.hpp"
#include "core/audit_json.hpp"
#include "core/csv.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

namespace modax::cli {
namespace {

struct AuditOptions {
    ConfigOptions config;
    std::size_t lines = 20;
    bool follow = false;
    std::string format = "ndjson";
};

constexpr std::chrono::milliseconds k_poll{500};

std::string line_of(const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    std::string line = std::to_string(row.sequence) + ' ' + format_iso8601(entry.time) + ' ' +
                       entry.actor + ' ' + entry.source + ' ' + entry.via + ' ' + entry.action +
                       ' ' + entry.object + ' ' + std::string{name_of(entry.result)};
    if (entry.count > 1) line += " x" + std::to_string(entry.count);
    if (!entry.detail.empty()) line += ": " + entry.detail;
    // What others have chosen must not move the cursor of a terminal.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?'
    );
    return line;
}

std::vector<std::pair<std::string_view, std::string>> fields_of(const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    return {
        {"sequence", std::to_string(row.sequence)},
        {"time", format_iso8601(entry.time)},
        {"actor", entry.actor},
        {"source", entry.source},
        {"via", entry.via},
        {"action", entry.action},
        {"object", entry.object},
        {"result", std::string{name_of(entry.result)}},
        {"count", std::to_string(entry.count)},
        {"detail", entry.detail},
        {"before_hash", entry.before_hash},
        {"after_hash", entry.after_hash}};
}

std::string json_of(const AuditRow& row) {
    std::string out;
    append_audit_json(out, row);
    return out;
}

std::string csv_of(const AuditRow& row) {
    std::string line;
    for (const auto& [name, value] : fields_of(row)) {
        if (name != "sequence") line += ',';
        append_csv_text(line, value);
    }
    return line + "\r";
}

template <typename Work>
int with_identity(const ConfigOptions& options, const Work& work) {
    const auto config = load_config(options);
    if (!config) return k_exit_config;
    const auto identity = app::Identity::open_existing(*config);
    if (!identity) return report(identity.error());
    return work(**identity);
}

int verify(const AuditOptions& options) {
    return with_identity(options.config, [](app::Identity& identity) {
        const auto verdict = identity.verify_audit();
        if (!verdict) return report(verdict.error());
        if (!verdict->problem.empty()) return report(verdict->problem, k_exit_failure);
        std::cout << "The audit log is whole: " << verdict->rows << " rows, "
                  << verdict->checkpoints << " checkpoints.\n";
        return k_exit_ok;
    });
}

int tail(const AuditOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        AuditQuery newest;
        newest.limit = std::max<std::size_t>(options.lines, 1);
        auto rows = identity.audit().audit_rows(newest);
        if (!rows) return report(rows.error());
        std::reverse(rows->begin(), rows->end());
        std::uint64_t next = 1;
        const auto show = [&](const AuditRow& row) {
            std::cout << line_of(row) << '\n';
            next = row.sequence + 1;
            return true;
        };
        for (const AuditRow& row : *rows) show(row);
        while (options.follow && std::cout.flush()) {
            std::this_thread::sleep_for(k_poll);
            if (auto read = identity.audit().each_audit_row(next, show); !read) {
                return report(read.error());
            }
        }
        return k_exit_ok;
    });
}

int export_rows(const AuditOptions& options) {
    return with_identity(options.config, [&](app::Identity& identity) {
        const bool csv = options.format == "csv";
        if (csv)
            std::cout
                << "sequence,time,actor,source,via,action,object,result,count,detail,before_hash,"
                   "after_hash\r\n";
        const auto read = identity.audit().each_audit_row(0, [&](const AuditRow& row) {
            return static_cast<bool>(std::cout << (csv ? csv_of(row) : json_of(row)) << '\n');
        });
        return read ? k_exit_ok : report(read.error());
    });
}

}  // namespace

void add_audit(CLI::App& app, Action& action) {
    auto* audit = app.add_subcommand("audit", "The record of who did what");
    audit->require_subcommand(1);
    const auto options = std::make_shared<AuditOptions>();
    const auto run = [&action, options](CLI::App* command, int (*work)(const AuditOptions&)) {
        add_config_options(*command, options->config);
        command->callback([&action, options, work] {
            action = [options, work] { return work(*options); };
        });
    };
    run(audit->add_subcommand(
            "verify", "Check every row and checkpoint; names what is wrong first"
        ),
        verify);
    auto* last = audit->add_subcommand("tail", "The newest rows");
    last->add_option("--lines", options->lines, "How many")->capture_default_str();
    last->add_flag("--follow", options->follow, "Go on with what comes; Ctrl-C ends");
    run(last, tail);
    auto* all = audit->add_subcommand("export", "All rows, to standard output");
    all->add_option("--format", options->format, "ndjson or csv")
        ->check(CLI::IsMember({"ndjson", "csv"}))
        ->capture_default_str();
    run(all, export_rows);
}

}  // namespace modax::cli
