#include "landing/backup.hpp"

#include "landing/directory_lock.hpp"
#include "landing/schema.hpp"
#include "landing/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <system_error>

namespace modax::landing {
namespace {

// 1 MiB of pages between two looks at the progress.
constexpr int k_pages_per_step = 256;

struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Error error_of(sqlite3* handle, int result, const std::string& attempted) {
    Errc code = Errc::io_error;
    if (result == SQLITE_FULL) code = Errc::resource_exhausted;
    if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB) code = Errc::data_loss;
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED) code = Errc::unavailable;
    return {
        code, attempted + ": " + (handle == nullptr ? "out of memory" : sqlite3_errmsg(handle))};
}

Result<Handle> open(const std::filesystem::path& file, int flags) {
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    Handle owned{handle};
    if (result != SQLITE_OK) {
        return tl::make_unexpected(
            error_of(handle, result & 0xFF, "cannot open '" + file.string() + "'")
        );
    }
    sqlite3_busy_timeout(handle, 10'000);
    return owned;
}

Status run(sqlite3* handle, const char* sql) {
    const int result = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
    return tl::make_unexpected(error_of(handle, result & 0xFF, sql));
}

Result<std::string> ask(sqlite3* handle, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int result = sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr);
    std::string answer;
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
        if (result == SQLITE_ROW) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
            if (text != nullptr) answer = text;
        }
    }
    sqlite3_finalize(statement);
    if (result == SQLITE_ROW || result == SQLITE_DONE) return answer;
    return tl::make_unexpected(error_of(handle, result & 0xFF, sql));
}

Status sync(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    if (descriptor >= 0) ::close(descriptor);
    if (synced) return {};
    return fail(Errc::io_error, "cannot sync '" + path.string() + "'");
}

Status move(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::error_code code;
    std::filesystem::rename(from, to, code);
    if (!code) return sync(std::filesystem::absolute(to).parent_path());
    return fail(
        Errc::io_error,
        "cannot rename '" + from.string() + "' to '" + to.string() + "': " + code.message()
    );
}

// Private from the first moment, and empty.
Status make_private(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(
            Errc::io_error,
            "cannot make '" + file.string() + "': " + std::generic_category().message(errno)
        );
    }
    ::close(descriptor);
    return {};
}

// All pages of `source` in one snapshot, so that writers in between do not start it over.
Status copy(sqlite3* source, sqlite3* target, const BackupProgress& progress) {
    if (auto begun = run(source, "BEGIN; SELECT count(*) FROM sqlite_master"); !begun) return begun;
    sqlite3_backup* const backup = sqlite3_backup_init(target, "main", source, "main");
    if (backup == nullptr) {
        return tl::make_unexpected(
            error_of(target, sqlite3_errcode(target) & 0xFF, "cannot begin the copy")
        );
    }
    int result = SQLITE_OK;
    while ((result = sqlite3_backup_step(backup, k_pages_per_step)) == SQLITE_OK) {
        const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
        progress(total - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup)), total);
    }
    sqlite3_backup_finish(backup);
    (void)run(source, "ROLLBACK");
    if (result == SQLITE_DONE) return {};
    return tl::make_unexpected(error_of(target, result & 0xFF, "cannot copy the store"));
}

// One file, without a write-ahead log, found whole.
Result<BackupReport> finish(sqlite3* handle) {
    if (auto one = ask(handle, "PRAGMA journal_mode=DELETE"); !one) {
        return tl::make_unexpected(one.error());
    }
    const auto sound = ask(handle, "PRAGMA integrity_check(1)");
    if (!sound) return tl::make_unexpected(sound.error());
    if (*sound != "ok") return fail(Errc::data_loss, "the copy is damaged: " + *sound);
    const auto pages =
        ask(handle,
            "SELECT page_count * page_size FROM pragma_page_count(),"
            " pragma_page_size()");
    const auto last = ask(handle, "SELECT coalesce(max(first + count - 1), 0) FROM stream_log");
    if (!pages) return tl::make_unexpected(pages.error());
    if (!last) return tl::make_unexpected(last.error());
    return BackupReport{std::stoull(*pages), std::stoull(*last)};
}

Status check_source(sqlite3* handle, const std::filesystem::path& file) {
    const auto application = ask(handle, "PRAGMA application_id");
    if (!application) return tl::make_unexpected(application.error());
    if (*application != std::to_string(k_application_id)) {
        return fail(
            Errc::invalid_argument, "'" + file.string() + "' is no backup of a modax store"
        );
    }
    const auto version = ask(handle, "PRAGMA user_version");
    if (!version) return tl::make_unexpected(version.error());
    if (std::stoll(*version) > schema_version()) {
        return fail(
            Errc::invalid_argument,
            "'" + file.string() + "' was written by a newer modax: restore it with that one"
        );
    }
    return {};
}

Result<BackupReport> copy_file(
    const std::filesystem::path& source,
    const std::filesystem::path& part,
    const BackupProgress& progress
) {
    // Written only by SQLite's own recovery of its write-ahead log.
    auto from = open(source, SQLITE_OPEN_READWRITE);
    if (!from) return tl::make_unexpected(from.error());
    if (auto fits = check_source(from->get(), source); !fits) {
        return tl::make_unexpected(fits.error());
    }
    if (auto made = make_private(part); !made) return tl::make_unexpected(made.error());
    auto to = open(part, SQLITE_OPEN_READWRITE);
    if (!to) return tl::make_unexpected(to.error());
    if (auto copied = copy(from->get(), to->get(), progress); !copied) {
        return tl::make_unexpected(copied.error());
    }
    auto report = finish(to->get());
    to->reset();
    if (!report) return report;
    if (auto synced = sync(part); !synced) return tl::make_unexpected(synced.error());
    return report;
}

Status refuse_existing(const std::filesystem::path& file, bool replace, const char* what) {
    if (replace || !std::filesystem::exists(file)) return {};
    return fail(
        Errc::already_exists,
        "'" + file.string() + "' exists: " + what + ", or give --force to replace it"
    );
}

}  // namespace

Result<BackupReport> back_up(
    const std::filesystem::path& data_dir,
    const std::filesystem::path& target,
    bool replace,
    const BackupProgress& progress
) {
    const auto file = data_dir / "modax.db";
    if (!std::filesystem::exists(file)) {
        return fail(
            Errc::not_found, "there is no store in '" + data_dir.string() + "': check --data-dir"
        );
    }
    if (auto free = refuse_existing(target, replace, "name another file"); !free) {
        return tl::make_unexpected(free.error());
    }
    auto part = target;
    part += ".part";
    auto report = copy_file(file, part, progress);
    Status named = report ? move(part, target) : Status{};
    if (report && named) return report;
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    return tl::make_unexpected(report ? named.error() : report.error());
}

Result<BackupReport> restore(
    const std::filesystem::path& source,
    const std::filesystem::path& data_dir,
    bool replace,
    const BackupProgress& progress
) {
    if (!std::filesystem::exists(source)) {
        return fail(Errc::not_found, "there is no file '" + source.string() + "'");
    }
    std::error_code code;
    if (std::filesystem::create_directories(data_dir, code)) {
        std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, code);
    }
    auto lock = DirectoryLock::take(data_dir);
    if (!lock) return tl::make_unexpected(Error{Errc::unavailable, lock.error().detail});
    const auto file = data_dir / "modax.db";
    if (auto free = refuse_existing(file, replace, "choose an empty data directory"); !free) {
        return tl::make_unexpected(free.error());
    }
    const auto part = data_dir / "modax.db.restoring";
    auto report = copy_file(source, part, progress);
    if (!report) {
        std::filesystem::remove(part, code);
        return report;
    }
    // The write-ahead log belongs to the store it was written with.
    for (const char* suffix : {"-wal", "-shm", ""}) {
        const std::filesystem::path old{file.string() + suffix};
        const std::filesystem::path kept{file.string() + ".replaced" + suffix};
        std::filesystem::remove(kept, code);
        if (!std::filesystem::exists(old)) continue;
        if (auto moved = move(old, kept); !moved) return tl::make_unexpected(moved.error());
    }
    if (auto moved = move(part, file); !moved) return tl::make_unexpected(moved.error());
    return report;
}

}  // namespace modax::landing
