#include "app/identity.hpp"

#include "app/options.hpp"
#include "core/device.hpp"
#include "core/file_system.hpp"
#include "landing/store.hpp"
#include "security/api_keys.hpp"
#include "security/audit_checkpoints.hpp"
#include "security/audit_seal.hpp"
#include "security/user_rules.hpp"
#include "security/users.hpp"

#include <pwd.h>
#include <unistd.h>

#include <optional>

namespace modax::app {

struct Identity::Parts {
    explicit Parts(const config::Config& config) : log{telemetry::make_log(quiet(config))} {}

    static telemetry::LogOptions quiet(const config::Config& config) {
        auto options = log_options(config);
        options.level = LogLevel::warn;
        return options;
    }

    Status open(const config::Config& config);

    SystemClock clock;
    SystemRandom random;
    PosixFileSystem files;
    std::unique_ptr<Log> log;
    DeviceRegistry devices;
    std::unique_ptr<landing::Store> store;
    std::optional<security::ChainSeal> seal;
    std::optional<security::CheckpointSigner> signer;
    std::filesystem::path checkpoint_file;
    std::unique_ptr<security::ApiKeys> keys;
    std::unique_ptr<security::Users> users;
};

Status Identity::Parts::open(const config::Config& config) {
    auto options = store_options(config);
    options.reader_connections = 1;
    auto opened = landing::Store::open(options, devices, clock, *log);
    if (!opened && opened.error().code == Errc::already_exists) {
        options.companion = true;
        opened = landing::Store::open(options, devices, clock, *log);
    }
    if (!opened) return tl::make_unexpected(opened.error());
    store = std::move(*opened);
    auto chain = security::ChainSeal::load(files, random, config.data_dir, !options.companion);
    if (!chain) return tl::make_unexpected(chain.error());
    seal.emplace(std::move(*chain));
    store->seal_audit_with(*seal);
    auto loaded_signer =
        security::CheckpointSigner::load(files, config.data_dir, !options.companion);
    if (!loaded_signer) return tl::make_unexpected(loaded_signer.error());
    signer.emplace(std::move(*loaded_signer));
    checkpoint_file = checkpoint_file_of(config);
    keys = std::make_unique<security::ApiKeys>(*store, clock, random, key_environment(config));
    if (auto loaded = keys->load(); !loaded) return loaded;
    users = std::make_unique<security::Users>(users_options(config), *store, clock, random);
    return users->load();
}

Identity::Identity(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Identity::~Identity() = default;

Result<std::unique_ptr<Identity>> Identity::open_existing(const config::Config& config) {
    if (!std::filesystem::exists(config.data_dir / "modax.db")) {
        return fail(
            Errc::not_found,
            "there is no store in '" + config.data_dir.string() + "': check --data-dir"
        );
    }
    return open(config);
}

Result<std::unique_ptr<Identity>> Identity::open(const config::Config& config) {
    auto parts = std::make_unique<Parts>(config);
    if (auto opened = parts->open(config); !opened) return tl::make_unexpected(opened.error());
    return std::unique_ptr<Identity>{new Identity{std::move(parts)}};
}

KeyAdministration& Identity::keys() {
    return *parts_->keys;
}

OutboxStore& Identity::outbox() {
    return *parts_->store;
}

UserAdministration& Identity::users() {
    return *parts_->users;
}

const AnalysisStore& Identity::analyses() const {
    return *parts_->store;
}

const ReadingReader& Identity::readings() const {
    return *parts_->store;
}

const DeviceRegistry& Identity::devices() const {
    return parts_->devices;
}

const AuditStore& Identity::audit() const {
    return *parts_->store;
}

Status Identity::record(std::string action, std::string object, std::string detail) {
    AuditEntry entry = origin();
    entry.time = parts_->clock.now();
    entry.action = std::move(action);
    entry.object = std::move(object);
    entry.detail = std::move(detail);
    return parts_->store->append({&entry, 1});
}

Result<Identity::Verdict> Identity::verify_audit() const {
    const auto verdict = security::verify_audit(
        *parts_->store, *parts_->seal, *parts_->signer, parts_->checkpoint_file
    );
    if (!verdict) return tl::make_unexpected(verdict.error());
    return Verdict{verdict->rows, verdict->checkpoints, verdict->problem};
}

Result<std::size_t> Identity::import_users(
    const std::filesystem::path& file, const std::vector<std::string>& roles
) {
    const auto content = parts_->files.read(file);
    if (!content) return tl::make_unexpected(content.error());
    const auto hashes = security::parse_users(file, *content);
    if (!hashes) return tl::make_unexpected(hashes.error());
    for (const auto& [name, hash] : *hashes) {
        if (auto taken = parts_->users->import_user(name, hash, roles, origin()); !taken) {
            return tl::make_unexpected(taken.error());
        }
    }
    return hashes->size();
}

AuditEntry Identity::origin() {
    AuditEntry origin;
    const passwd* user = ::getpwuid(::getuid());
    origin.actor =
        "local:" + (user != nullptr ? std::string{user->pw_name} : std::to_string(::getuid()));
    origin.source = "local";
    origin.via = "cli";
    return origin;
}

}  // namespace modax::app
