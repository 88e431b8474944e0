// `modax db`: the plant store's tables, their versions, and who may read them.
#include "app/database.hpp"
#include "cli/command.hpp"
#include "store/readers.hpp"
#include "store/schema.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

// A migration of a large table takes longer than any other statement.
constexpr auto k_migration_timeout = std::chrono::hours{1};

struct DbOptions {
    ConfigOptions config;
    bool dry_run = false;
    bool show_sql = false;
    std::string user = "bi_readonly";
    std::string password;
};

Result<store::MigrationOptions> migration_options(const config::Config& config) {
    auto columns = store::parse_metric_columns(config.database.metric_columns);
    if (!columns) return tl::make_unexpected(columns.error());
    store::MigrationOptions options;
    options.use_timescale = config.database.timescaledb == config::UseTimescale::automatic;
    options.columns = std::move(*columns);
    return options;
}

int show_steps(store::Connection& connection, const store::MigrationOptions& wanted, bool sql) {
    const auto steps = store::pending_steps(connection, wanted);
    if (!steps) return report(steps.error());
    if (steps->empty()) std::cout << "Nothing to do.\n";
    for (const auto& step : *steps) {
        std::cout << (sql ? "-- " : "would do: ") << step.title << '\n';
        if (sql) std::cout << "BEGIN;\n" << step.statements << ";\nCOMMIT;\n\n";
    }
    return k_exit_ok;
}

int migrate(const DbOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    auto target = app::database_target(*config);
    if (!target) return report(target.error());
    const auto wanted = migration_options(*config);
    if (!wanted) return report(wanted.error());
    target->statement_timeout = k_migration_timeout;
    auto connection = store::Connection::open(*target);
    if (!connection) return report(connection.error());
    if (options.dry_run) return show_steps(*connection, *wanted, options.show_sql);
    const auto done = store::migrate(*connection, *wanted, [](const std::string& title) {
        std::cout << "doing: " << title << std::endl;
    });
    if (!done) return report(done.error());
    std::cout << store::describe(*target) << " has version " << store::schema_version() << ".\n";
    return k_exit_ok;
}

int status(const DbOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    const auto target = app::database_target(*config);
    if (!target) return report(target.error());
    auto connection = store::Connection::open(*target);
    if (!connection) return report(connection.error());
    const auto state = store::schema_state(*connection);
    if (!state) return report(state.error());
    std::cout << "database     " << store::describe(*target) << "\nserver       PostgreSQL "
              << state->server << "\nencrypted    " << (connection->encrypted() ? "yes" : "no")
              << "\ntimescaledb  "
              << (!state->loaded ? "not loaded by the server"
                  : state->extension.empty()
                      ? "loaded, extension not created"
                      : "extension " + state->extension + ", licence " + state->license)
              << "\nkept in      "
              << (state->version == 0 ? "nothing yet"
                  : state->timescale  ? "hypertables"
                                      : "partitions")
              << "\nversion      " << state->version
              << " (this program: " << store::schema_version() << ")\n";
    for (const auto& column : state->columns) {
        std::cout << "column       " << column.name << ' ' << store::name_of(column.type) << ' '
                  << column.unit << '\n';
    }
    const auto current = store::require_current_schema(*connection);
    return current ? k_exit_ok : report(current.error());
}

int grant_bi(const DbOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    const auto target = app::database_target(*config);
    if (!target) return report(target.error());
    const PosixFileSystem files;
    auto password = config::resolve_secret(
        config::SecretReference{options.password}, config::process_environment(), files
    );
    if (!password) return report(password.error());
    auto connection = store::Connection::open(*target);
    if (!connection) return report(connection.error());
    if (auto current = store::require_current_schema(*connection); !current) {
        return report(current.error());
    }
    store::Reader reader;
    reader.name = options.user;
    reader.password = std::move(*password);
    if (auto granted = store::grant_reading(*connection, reader); !granted) {
        return report(granted.error());
    }
    const auto described = store::describe(*target);
    std::cout << options.user << " may read the plant's tables:\n\n    postgresql://"
              << options.user << described.substr(described.find('@')) << "?sslmode=require\n\n";
    if (options.password.empty()) {
        std::cout << "Its password is not changed; a new role has none yet: give it one with "
                     "--password file:PATH, or \\password in psql.\n";
    }
    return k_exit_ok;
}

}  // namespace

void add_db(CLI::App& app, Action& action) {
    auto* db = app.add_subcommand("db", "The plant store: tables, versions, readers");
    db->require_subcommand(1);
    const auto options = std::make_shared<DbOptions>();

    auto* migrating = db->add_subcommand("migrate", "Make its tables, or bring them up to date");
    add_config_options(*migrating, options->config);
    migrating->add_flag("--dry-run", options->dry_run, "Only tell what would be done");
    migrating->add_flag("--sql", options->show_sql, "With --dry-run: the statements as well")
        ->needs("--dry-run");
    migrating->callback([&action, options] { action = [options] { return migrate(*options); }; });

    auto* showing = db->add_subcommand("status", "Tell its version and what the server has");
    add_config_options(*showing, options->config);
    showing->callback([&action, options] { action = [options] { return status(*options); }; });

    auto* granting = db->add_subcommand("grant-bi", "Let a role of a BI tool read, and only read");
    add_config_options(*granting, options->config);
    granting->add_option("--user", options->user, "The role; made when missing")
        ->capture_default_str();
    granting->add_option(
        "--password", options->password, "Where its password is: env:NAME or file:PATH"
    );
    granting->callback([&action, options] { action = [options] { return grant_bi(*options); }; });
}

}  // namespace modax::cli
