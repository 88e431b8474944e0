#include "landing/sqlite.hpp"

#include <sqlite3.h>

#include <cmath>
#include <limits>
#include <utility>

namespace modax::landing {
namespace {

// How long a connection waits for another one's write lock.
constexpr int k_busy_milliseconds = 10'000;

int remember_wal_frames(void* frames, sqlite3*, const char*, int count) {
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
}

Errc code_of(int result) {
    switch (result & 0xFF) {
        case SQLITE_FULL:
            return Errc::resource_exhausted;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::data_loss;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Errc::unavailable;
        case SQLITE_INTERRUPT:
            return Errc::cancelled;
        default:
            return Errc::io_error;
    }
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_{std::exchange(other.statement_, nullptr)} {}

Statement& Statement::operator=(Statement&& other) noexcept {
    // Into a local that ends at once: a statement must not live longer than it seems to.
    Statement old{std::move(other)};
    std::swap(statement_, old.statement_);
    return *this;
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_, index, value);
    return *this;
}

Statement& Statement::bind(int index, double value) {
    // SQLite itself turns NaN into NULL.
    sqlite3_bind_double(statement_, index, value);
    return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
    sqlite3_bind_text64(
        statement_,
        index,
        text.data() == nullptr ? "" : text.data(),
        text.size(),
        SQLITE_STATIC,
        SQLITE_UTF8
    );
    return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob64(
        statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), SQLITE_STATIC
    );
    return *this;
}

Statement& Statement::bind_null(int index) {
    sqlite3_bind_null(statement_, index);
    return *this;
}

Step Statement::step() {
    switch (sqlite3_step(statement_)) {
        case SQLITE_ROW:
            return Step::row;
        case SQLITE_DONE:
            return Step::done;
        default:
            return Step::failed;
    }
}

void Statement::reset() {
    sqlite3_reset(statement_);
}

Step Statement::run() {
    const Step outcome = step();
    reset();
    return outcome;
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Statement::number(int column) const {
    if (is_null(column)) return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (data == nullptr) return {};
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

Connection::Connection(Connection&& other) noexcept
    : handle_{std::exchange(other.handle_, nullptr)},
      wal_frames_{std::exchange(other.wal_frames_, nullptr)} {}

Connection& Connection::operator=(Connection&& other) noexcept {
    Connection old{std::move(other)};
    std::swap(handle_, old.handle_);
    std::swap(wal_frames_, old.wal_frames_);
    return *this;
}

Connection::~Connection() {
    close();
}

void Connection::close() noexcept {
    // v2: a statement that still lives keeps the handle until it goes.
    sqlite3_close_v2(std::exchange(handle_, nullptr));
    delete std::exchange(wal_frames_, nullptr);
}

Result<Connection> Connection::open(const ConnectionOptions& options) {
    using Mode = ConnectionOptions::Mode;
    Connection connection;
    connection.wal_frames_ = new int{0};
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (options.mode == Mode::create) flags |= SQLITE_OPEN_CREATE;
    const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
    if (sqlite3_open_v2(options.file.c_str(), &connection.handle_, flags, vfs) != SQLITE_OK) {
        return tl::make_unexpected(connection.failure("cannot open " + options.file.string()));
    }
    sqlite3_busy_timeout(connection.handle_, k_busy_milliseconds);
    sqlite3_wal_hook(connection.handle_, remember_wal_frames, connection.wal_frames_);
    Status configured;
    if (options.mode == Mode::create) {
        // Takes effect only before the first table: later deletions can then give bytes back.
        configured = connection.execute("PRAGMA auto_vacuum=INCREMENTAL");
    }
    // The wal hook above replaced SQLite's own checkpoints: the writer runs them behind the
    // acknowledgements. 64 MiB of WAL file are kept for reuse, more is cut after a checkpoint.
    // mmap is off: an I/O error would be a signal instead of a result.
    constexpr const char* k_settings =
        "PRAGMA journal_mode=WAL; PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0;"
        "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF";
    if (configured) configured = connection.execute(k_settings);
    if (configured) {
        configured = connection.execute(
            options.sync_every_commit ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"
        );
    }
    if (configured) {
        // The writer keeps the pages near the end of the trees: 4 MiB; 16 were not faster. The
        // anchor, whose check reads the whole database, keeps few, so that they do not stay in
        // memory; readers (2 MiB each) go through the page cache of the operating system.
        configured = connection.execute(
            options.mode == Mode::read    ? "PRAGMA query_only=ON; PRAGMA cache_size=-2048"
            : options.mode == Mode::write ? "PRAGMA cache_size=-4096"
                                          : "PRAGMA cache_size=-1024"
        );
    }
    if (!configured) return tl::make_unexpected(configured.error());
    return connection;
}

Status Connection::execute(const char* sql) {
    if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return tl::make_unexpected(failure(sql));
}

Status Connection::prepare(Statement& statement, std::string_view sql) {
    Statement fresh;
    const int result = sqlite3_prepare_v3(
        handle_,
        sql.data(),
        static_cast<int>(sql.size()),
        SQLITE_PREPARE_PERSISTENT,
        &fresh.statement_,
        nullptr
    );
    if (result != SQLITE_OK) return tl::make_unexpected(failure(sql));
    statement = std::move(fresh);
    return {};
}

Result<std::int64_t> Connection::integer(std::string_view sql) {
    Statement statement;
    if (auto prepared = prepare(statement, sql); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    switch (statement.step()) {
        case Step::row:
            return statement.integer(0);
        case Step::done:
            return 0;
        case Step::failed:
            break;
    }
    return tl::make_unexpected(failure(sql));
}

std::int64_t Connection::changes() const {
    return sqlite3_changes64(handle_);
}

bool Connection::in_transaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

bool Connection::refused_row() const {
    if (!in_transaction()) return false;
    switch (sqlite3_errcode(handle_) & 0xFF) {
        case SQLITE_CONSTRAINT:
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
        case SQLITE_RANGE:
            return true;
        default:
            return false;
    }
}

Error Connection::failure(std::string_view attempted) const {
    const int result = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
    std::string detail{attempted.substr(0, 160)};
    detail += ": ";
    detail += handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    detail += " (SQLite code " + std::to_string(result) + ")";
    return {code_of(result), std::move(detail)};
}

Status Connection::checkpoint() {
    int left = 0;
    int copied = 0;
    const int result =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &left, &copied);
    // Busy: somebody else (the anchor connection, a backup) is at it.
    if (result == SQLITE_OK || (result & 0xFF) == SQLITE_BUSY) return {};
    return tl::make_unexpected(failure("checkpoint of the landing store"));
}

void Connection::interrupt() {
    if (handle_ != nullptr) sqlite3_interrupt(handle_);
}

}  // namespace modax::landing
