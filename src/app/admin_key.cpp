#include "app/admin_key.hpp"

#include <unistd.h>

#include <iostream>

namespace modax::app {
namespace {

// PROMISES P10.
constexpr std::chrono::days k_lifetime{90};

}  // namespace

std::filesystem::path admin_key_file(const std::filesystem::path& data_dir) {
    return data_dir / "admin-key";
}

Status make_first_key(
    security::ApiKeys& keys,
    FileSystem& files,
    const std::filesystem::path& data_dir,
    Timestamp now,
    Log& log
) {
    if (!keys.list().empty()) return {};
    KeySpec spec;
    spec.name = "admin";
    spec.scopes = {"*"};
    spec.expires = now + k_lifetime;
    AuditEntry origin;
    origin.actor = "gateway";
    origin.source = "local";
    origin.via = "gateway";
    auto created = keys.create(spec, origin);
    if (!created) return tl::make_unexpected(created.error());
    const auto file = admin_key_file(data_dir);
    if (auto written = files.write_atomic(file, created->text.reveal() + "\n", 0600); !written) {
        return written;
    }
    // To a terminal only: what a service prints ends in a log, which may be shipped elsewhere.
    if (isatty(STDOUT_FILENO) == 1) {
        std::cout << "The first admin key (also in " << file.string()
                  << ", readable only by you): " << created->text.reveal() << std::endl;
    }
    log.info(
        "security",
        "made the first admin key; it expires in 90 days",
        {{"id", created->key.id}, {"file", file.string()}}
    );
    return {};
}

}  // namespace modax::app
