// `modax backup` and `modax restore`: the landing store as one file, and its way back.
#include "landing/backup.hpp"

#include "app/identity.hpp"
#include "cli/command.hpp"
#include "cli/progress.hpp"

#include <iostream>
#include <memory>

namespace modax::cli {
namespace {

struct BackupOptions {
    ConfigOptions config;
    std::string file;
    bool force = false;
};

landing::BackupProgress shown_by(Progress& progress) {
    return [&progress](std::uint64_t done, std::uint64_t total) {
        progress.update(total == 0 ? 0 : done * 100 / total, done);
    };
}

int back_up(const BackupOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    {
        // Before the copy, so that it is in it. Closed again: the copy needs no lock.
        const auto identity = app::Identity::open_existing(*config);
        if (!identity) return report(identity.error());
        const auto file = std::filesystem::absolute(options.file).string();
        const auto told = (*identity)->record("store.backup", "file:" + file, "begun");
        if (!told) return report(told.error());
    }
    Progress progress{"backup", "pages", 100};
    const auto made =
        landing::back_up(config->data_dir, options.file, options.force, shown_by(progress));
    progress.finish();
    if (!made) return report(made.error());
    std::cout << "Backup in " << options.file << ": " << made->bytes
              << " bytes, integrity checked, events through " << made->readings_through
              << ".\nNot in it, keep them apart and safe: " << config->data_dir.string()
              << "/audit.key, audit-signing.key, the configuration and the files of TLS.\n";
    if (!config->database.url.empty()) {
        std::cout << "Nor is the plant store, a database of its own: copy it with\n    pg_dump "
                     "--format=custom --file=plant.dump '"
                  << config->database.url
                  << "'\n(docs/database.md; pg_dump asks for the password).\n";
    }
    return k_exit_ok;
}

int restore(const BackupOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    const bool keyless = !std::filesystem::exists(config->data_dir / "audit.key");
    Progress progress{"restore", "pages", 100};
    const auto done =
        landing::restore(options.file, config->data_dir, options.force, shown_by(progress));
    progress.finish();
    if (!done) return report(done.error());
    const auto identity = app::Identity::open(*config);
    if (!identity) return report(identity.error());
    const auto told = (*identity)->record(
        "store.restore",
        "file:" + std::filesystem::absolute(options.file).string(),
        "events through " + std::to_string(done->readings_through)
    );
    if (!told) return report(told.error());
    std::cout << "Restored " << config->data_dir.string() << ": " << done->bytes
              << " bytes, events through " << done->readings_through << ".\n";
    if (keyless) {
        std::cout << "There was no audit.key: `modax audit verify` can't check the rows of before "
                     "until you put the old audit.key and audit-signing.key back.\n";
    }
    return k_exit_ok;
}

void add(
    CLI::App& app,
    Action& action,
    const char* name,
    const char* help,
    int (*work)(const BackupOptions&)
) {
    auto* command = app.add_subcommand(name, help);
    const auto options = std::make_shared<BackupOptions>();
    add_config_options(*command, options->config);
    command->add_option("file", options->file, "The backup")->required()->type_name("FILE");
    command->add_flag("--force", options->force, "Replace what is there");
    command->callback([&action, options, work] {
        action = [options, work] { return work(*options); };
    });
}

}  // namespace

void add_backup(CLI::App& app, Action& action) {
    add(app, action, "backup", "Copy the store into a file; the gateway may run", back_up);
    add(app, action, "restore", "Make a backup the store; the gateway must not run", restore);
}

}  // namespace modax::cli
