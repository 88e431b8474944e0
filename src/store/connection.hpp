// One connection to PostgreSQL. Every call has a deadline of its own, because a server that hangs
// (stopped, its disk gone, a cable pulled) answers nothing and closes nothing. One thread at a
// time.
#pragma once

#include "core/result.hpp"
#include "store/target.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace modax::store {

class Waiter;

// What a statement gave; all of it is in memory. Columns and rows count from 0.
class Rows {
public:
    explicit Rows(pg_result* result) : result_{result} {}

    int count() const;
    bool is_null(int row, int column) const;
    // As PostgreSQL writes it; empty for NULL. Valid as long as the Rows.
    std::string_view text(int row, int column) const;
    // 0 for NULL.
    std::int64_t integer(int row, int column) const;
    double number(int row, int column) const;
    bool flag(int row, int column) const;
    // Rows that an INSERT, UPDATE, DELETE or COPY touched.
    std::uint64_t affected() const;

private:
    struct Clear {
        void operator()(pg_result* result) const noexcept;
    };
    std::unique_ptr<pg_result, Clear> result_;
};

using Values = std::vector<std::optional<std::string>>;  // nullopt: NULL

// Errors of all calls: invalid_argument (the data: SQLSTATE classes 22 and 23), already_exists
// (23505), permission_denied (42501), unauthenticated (28), not_found (no such table or database),
// unavailable (the connection, the server or a lock: 08, 40, 53, 57P, 25006), timed_out (57014 or
// the own deadline), cancelled (the stop request), else io_error. The text ends with the SQLSTATE.
class Connection {
public:
    // Beyond the statement timeout, for the way there and back, before the connection is given up.
    static constexpr std::chrono::milliseconds k_grace = std::chrono::seconds{2};

    // Session: UTC, statement_timeout, synchronous_commit on, search_path public. A name of a host
    // is looked up by the resolver of the system, which has its own timeout (resolv.conf(5)).
    // A stop request of `stop` ends every call, now and later.
    static Result<Connection> open(const Target& target, std::stop_token stop = {});

    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    // One or more statements without values.
    Status execute(std::string_view statements);
    // One statement; $1, $2, … are the values.
    Result<Rows> query(std::string_view statement, const Values& values = {});
    // `statement`: COPY … FROM STDIN; `data` in its format. Returns the rows.
    Result<std::uint64_t> copy_in(std::string_view statement, std::string_view data);
    // BEGIN, `work`, COMMIT; ROLLBACK when the work fails. When COMMIT itself fails for want of a
    // connection nobody knows whether it happened: the work must be idempotent.
    Status transaction(const std::function<Status()>& work);

    // Of the server, and thereby of the calls that follow.
    Status set_statement_timeout(std::chrono::milliseconds timeout);

    // What the server keeps of a password (SCRAM), so that it need not be sent.
    Result<std::string> password_verifier(const std::string& role, const Secret& password);

    // False once the connection is lost or given up; then open another one.
    bool usable() const;
    // Five characters, of the failure of the last call; "08006" for a lost connection; empty when
    // it had none (own deadline, stop request).
    const std::string& sqlstate() const { return sqlstate_; }
    // 150006 for 15.6.
    int server_version() const;
    bool encrypted() const;

private:
    struct Finish {
        void operator()(pg_conn* connection) const noexcept;
    };
    using Clock = std::chrono::steady_clock;

    Connection(pg_conn* connection, std::unique_ptr<Waiter> waiter, const Target& target);

    Status connect(std::chrono::milliseconds timeout);
    Clock::time_point deadline() const { return Clock::now() + statement_timeout_ + k_grace; }
    // Waits; gives the connection up when it is not ready in time.
    Status await(short events, Clock::time_point until, std::string_view doing);
    Status flush(Clock::time_point until);
    // The next result; nullptr: there is none.
    Result<pg_result*> next_result(Clock::time_point until);
    // The outcome of what was sent: the first failure, else the last result. `first`: a result that
    // was taken already; owned from here on.
    Result<Rows> outcome(Clock::time_point until, pg_result* first = nullptr);
    Status send_copy(std::string_view data, Clock::time_point until);
    tl::unexpected<Error> lost(std::string_view doing);
    tl::unexpected<Error> failure(const pg_result* result);
    void give_up();

    std::unique_ptr<Waiter> waiter_;
    std::unique_ptr<pg_conn, Finish> connection_;
    std::string peer_;
    std::chrono::milliseconds statement_timeout_;
    std::string sqlstate_;
    bool given_up_ = false;
};

// 'text' as an SQL literal and "name" as an identifier, for statements that take no values (DDL).
std::string quote_literal(std::string_view text);
std::string quote_identifier(std::string_view name);

}  // namespace modax::store
