// SQLite behind two classes: a connection and a prepared statement. Private to the landing module.
// Neither is thread-safe: each belongs to one thread at a time (SQLITE_OPEN_NOMUTEX).
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace modax::landing {

enum class Step { row, done, failed };

// Texts and blobs are bound without a copy: they must stay until the statement is reset.
class Statement {
public:
    Statement() = default;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, double value);  // NaN: NULL
    Statement& bind(int index, std::string_view text);
    Statement& bind_blob(int index, std::string_view bytes);
    Statement& bind_null(int index);

    Step step();
    void reset();
    // For statements without rows: step, then reset.
    Step run();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    double number(int column) const;  // NaN when NULL
    // Valid until the next step or reset.
    std::string_view text(int column) const;

private:
    friend class Connection;
    sqlite3_stmt* statement_ = nullptr;
};

// Resets a statement at the end of a scope, so that no read transaction stays open.
class StatementScope {
public:
    explicit StatementScope(Statement& statement) : statement_{statement} {}
    StatementScope(const StatementScope&) = delete;
    StatementScope& operator=(const StatementScope&) = delete;
    ~StatementScope() { statement_.reset(); }

private:
    Statement& statement_;
};

struct ConnectionOptions {
    std::filesystem::path file;
    std::string vfs;  // empty: SQLite's default
    enum class Mode : std::uint8_t { create, write, read } mode = Mode::write;
    bool sync_every_commit = true;
};

class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    Connection(Connection&& other) noexcept;
    Connection& operator=(Connection&& other) noexcept;
    ~Connection();

    // Opened and configured (WAL, synchronous=FULL, ...).
    static Result<Connection> open(const ConnectionOptions& options);

    Status execute(const char* sql);
    Status prepare(Statement& statement, std::string_view sql);
    // The first column of the first row; 0 when there is none.
    Result<std::int64_t> integer(std::string_view sql);

    // Rows changed by the last INSERT, UPDATE or DELETE.
    std::int64_t changes() const;
    bool in_transaction() const;
    // Whether the last failure was about the values of one row, so that the transaction lives on.
    bool refused_row() const;
    // What SQLite says about the last failure, with what was attempted.
    Error failure(std::string_view attempted) const;
    // Frames that the WAL held after the last commit of this connection.
    int wal_frames() const { return *wal_frames_; }
    // Copies what it can of the WAL into the database; waits for nobody.
    Status checkpoint();
    // Makes a running statement of this connection end; from any thread.
    void interrupt();

private:
    void close() noexcept;

    sqlite3* handle_ = nullptr;
    int* wal_frames_ = nullptr;  // owned; SQLite holds its address
};

}  // namespace modax::landing
