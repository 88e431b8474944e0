#include "store/connection.hpp"

#include "store/wait.hpp"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace modax::store {
namespace {

// One line, without the line breaks libpq puts in.
std::string one_line(const char* message) {
    std::string text{message == nullptr ? "" : message};
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) {
        text.replace(at, 1, "; ");
    }
    return text;
}

Errc kind_of(std::string_view sqlstate) {
    // Appendix A of the PostgreSQL manual.
    if (sqlstate == "23505") return Errc::already_exists;
    if (sqlstate == "57014") return Errc::timed_out;
    if (sqlstate == "42501") return Errc::permission_denied;
    if (sqlstate == "42P01" || sqlstate == "3D000") return Errc::not_found;
    if (sqlstate == "25006" || sqlstate == "55P03") return Errc::unavailable;
    if (sqlstate.starts_with("22") || sqlstate.starts_with("23")) return Errc::invalid_argument;
    if (sqlstate.starts_with("28")) return Errc::unauthenticated;
    for (const std::string_view away : {"08", "40", "53", "57P", "58"}) {
        if (sqlstate.starts_with(away)) return Errc::unavailable;
    }
    return Errc::io_error;
}

constexpr std::size_t k_copy_piece = std::size_t{64} * 1024;

// NOTICE and WARNING of the server: what matters to us comes as results.
void ignore_notice(void* /*argument*/, const PGresult* /*result*/) {}

}  // namespace

void Rows::Clear::operator()(pg_result* result) const noexcept {
    PQclear(result);
}

int Rows::count() const {
    return PQntuples(result_.get());
}

bool Rows::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
    return {
        PQgetvalue(result_.get(), row, column),
        static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
    const auto digits = text(row, column);
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

double Rows::number(int row, int column) const {
    return std::strtod(PQgetvalue(result_.get(), row, column), nullptr);
}

bool Rows::flag(int row, int column) const {
    return text(row, column) == "t";
}

std::uint64_t Rows::affected() const {
    const std::string_view digits{PQcmdTuples(result_.get())};
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

void Connection::Finish::operator()(pg_conn* connection) const noexcept {
    PQfinish(connection);
}

Connection::Connection(pg_conn* connection, std::unique_ptr<Waiter> waiter, const Target& target)
    : waiter_{std::move(waiter)},
      connection_{connection},
      peer_{describe(target)},
      statement_timeout_{target.statement_timeout} {}

Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const Target& target, std::stop_token stop) {
    const auto parameters = connection_parameters(target);
    if (!parameters) return tl::make_unexpected(parameters.error());
    std::vector<const char*> keywords;
    std::vector<const char*> values;
    for (const auto& [keyword, value] : *parameters) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    Connection opened{
        PQconnectStartParams(keywords.data(), values.data(), 0),
        std::make_unique<Waiter>(std::move(stop)),
        target};
    if (auto connected = opened.connect(target.connect_timeout); !connected) {
        return tl::make_unexpected(connected.error());
    }
    const auto session = opened.execute(
        "SET TimeZone = 'UTC'; SET search_path = public; SET synchronous_commit = on; "
        "SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET bytea_output = 'hex'"
    );
    if (!session) return tl::make_unexpected(session.error());
    if (auto set = opened.set_statement_timeout(target.statement_timeout); !set) {
        return tl::make_unexpected(set.error());
    }
    return opened;
}

Status Connection::connect(std::chrono::milliseconds timeout) {
    const auto until = Clock::now() + timeout;
    auto* raw = connection_.get();
    if (raw == nullptr) return fail(Errc::resource_exhausted, "no memory for a connection");
    auto next = PGRES_POLLING_WRITING;  // as the manual says of a connection just begun
    while (PQstatus(raw) != CONNECTION_BAD && next != PGRES_POLLING_OK) {
        const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (auto ready = await(events, until, "connecting"); !ready) return ready;
        next = PQconnectPoll(raw);
        if (next == PGRES_POLLING_FAILED) break;
    }
    if (PQstatus(raw) != CONNECTION_OK) return lost("connecting");
    PQsetNoticeReceiver(raw, ignore_notice, nullptr);
    if (PQsetnonblocking(raw, 1) != 0) return lost("connecting");
    return {};
}

Status Connection::execute(std::string_view statements) {
    sqlstate_.clear();
    if (!usable()) return lost("a statement");
    const auto until = deadline();
    const std::string text{statements};
    if (PQsendQuery(connection_.get(), text.c_str()) == 0) return lost("a statement");
    if (auto done = outcome(until); !done) return tl::make_unexpected(done.error());
    return {};
}

Result<Rows> Connection::query(std::string_view statement, const Values& values) {
    sqlstate_.clear();
    if (!usable()) return lost("a statement");
    const auto until = deadline();
    const std::string text{statement};
    std::vector<const char*> texts;
    texts.reserve(values.size());
    for (const auto& value : values) texts.push_back(value ? value->c_str() : nullptr);
    const int sent = PQsendQueryParams(
        connection_.get(),
        text.c_str(),
        static_cast<int>(values.size()),
        nullptr,
        texts.data(),
        nullptr,
        nullptr,
        0
    );
    if (sent == 0) return lost("a statement");
    return outcome(until);
}

Result<std::uint64_t> Connection::copy_in(std::string_view statement, std::string_view data) {
    sqlstate_.clear();
    if (!usable()) return lost("COPY");
    const auto until = deadline();
    const std::string text{statement};
    if (PQsendQuery(connection_.get(), text.c_str()) == 0) return lost("COPY");
    auto begun = next_result(until);
    if (!begun) return tl::make_unexpected(begun.error());
    if (*begun == nullptr || PQresultStatus(*begun) != PGRES_COPY_IN) {
        const auto refused = outcome(until, *begun);
        if (!refused) return tl::make_unexpected(refused.error());
        return fail(Errc::invalid_argument, "copy_in() needs COPY … FROM STDIN");
    }
    PQclear(*begun);
    if (auto sent = send_copy(data, until); !sent) return tl::make_unexpected(sent.error());
    const auto done = outcome(until);
    if (!done) return tl::make_unexpected(done.error());
    return done->affected();
}

Status Connection::send_copy(std::string_view data, Clock::time_point until) {
    while (!data.empty()) {
        const auto piece = data.substr(0, k_copy_piece);
        const int put =
            PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size()));
        if (put < 0) return lost("COPY");
        if (put > 0) data.remove_prefix(piece.size());
        // Sent as it goes: without it libpq would keep all of it in memory a second time.
        if (auto flushed = flush(until); !flushed) return flushed;
    }
    int ended = 0;
    while ((ended = PQputCopyEnd(connection_.get(), nullptr)) == 0) {
        if (auto flushed = flush(until); !flushed) return flushed;
    }
    if (ended < 0) return lost("COPY");
    return {};
}

Status Connection::transaction(const std::function<Status()>& work) {
    if (auto begun = execute("BEGIN"); !begun) return begun;
    Status done = work();
    if (done) return execute("COMMIT");
    // The reason is the work's, also for sqlstate().
    const std::string reason = sqlstate_;
    if (usable()) (void)execute("ROLLBACK");
    sqlstate_ = reason;
    return done;
}

Status Connection::set_statement_timeout(std::chrono::milliseconds timeout) {
    statement_timeout_ = timeout;
    const auto milliseconds = std::to_string(timeout.count());
    return execute(
        "SET statement_timeout = " + milliseconds +
        "; SET idle_in_transaction_session_timeout = " + milliseconds
    );
}

Result<std::string> Connection::password_verifier(const std::string& role, const Secret& password) {
    const std::unique_ptr<char, decltype(&PQfreemem)> verifier{
        PQencryptPasswordConn(
            connection_.get(), password.reveal().c_str(), role.c_str(), "scram-sha-256"
        ),
        &PQfreemem};
    if (!verifier) return fail(Errc::io_error, one_line(PQerrorMessage(connection_.get())));
    return std::string{verifier.get()};
}

bool Connection::usable() const {
    return !given_up_ && connection_ && PQstatus(connection_.get()) == CONNECTION_OK;
}

int Connection::server_version() const {
    return PQserverVersion(connection_.get());
}

bool Connection::encrypted() const {
    return PQsslInUse(connection_.get()) != 0;
}

Status Connection::await(short events, Clock::time_point until, std::string_view doing) {
    switch (waiter_->wait(PQsocket(connection_.get()), events, until)) {
        case Waited::ready:
            return {};
        case Waited::stopped:
            give_up();
            return fail(Errc::cancelled, std::string{doing} + " at " + peer_ + " was called off");
        case Waited::expired:
            break;
    }
    give_up();
    return fail(
        Errc::timed_out,
        std::string{doing} + " at " + peer_ +
            " took too long, so the connection was given up; see whether the server answers"
    );
}

Status Connection::flush(Clock::time_point until) {
    while (true) {
        const int left = PQflush(connection_.get());
        if (left == 0) return {};
        if (left < 0) return lost("sending");
        // The server may want to send before it reads on (libpq, "Asynchronous Command
        // Processing").
        if (auto ready = await(POLLIN | POLLOUT, until, "sending"); !ready) return ready;
        if (PQconsumeInput(connection_.get()) == 0) return lost("sending");
    }
}

Result<pg_result*> Connection::next_result(Clock::time_point until) {
    if (auto flushed = flush(until); !flushed) return tl::make_unexpected(flushed.error());
    while (PQisBusy(connection_.get()) != 0) {
        if (auto ready = await(POLLIN, until, "waiting for the answer"); !ready) {
            return tl::make_unexpected(ready.error());
        }
        if (PQconsumeInput(connection_.get()) == 0) return lost("waiting for the answer");
    }
    return PQgetResult(connection_.get());
}

Result<Rows> Connection::outcome(Clock::time_point until, pg_result* first) {
    std::optional<Rows> last;
    std::optional<Error> failed;
    while (true) {
        const Result<pg_result*> next =
            first != nullptr ? std::exchange(first, nullptr) : next_result(until);
        if (!next) return tl::make_unexpected(next.error());
        if (*next == nullptr) break;
        Rows rows{*next};
        const auto status = PQresultStatus(*next);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            give_up();
            return fail(Errc::invalid_argument, "COPY needs copy_in()");
        }
        const bool good =
            status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
        if (!good && !failed) failed = failure(*next).value();
        last = std::move(rows);
    }
    if (failed) return tl::make_unexpected(std::move(*failed));
    if (!last) return lost("waiting for the answer");
    return std::move(*last);
}

tl::unexpected<Error> Connection::lost(std::string_view doing) {
    sqlstate_ = "08006";
    const auto why = connection_ ? one_line(PQerrorMessage(connection_.get())) : std::string{};
    give_up();
    return fail(
        Errc::unavailable,
        std::string{doing} + " at " + peer_ + ": " +
            (why.empty() ? "the connection is not open any more" : why) + " [SQLSTATE 08006]"
    );
}

tl::unexpected<Error> Connection::failure(const pg_result* result) {
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    // libpq makes results of its own, without a state, when the connection breaks.
    if (state == nullptr) return lost("a statement");
    sqlstate_ = state;
    std::string text;
    for (const int field : {PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_CONTEXT}) {
        const char* part = PQresultErrorField(result, field);
        if (part != nullptr) text += (text.empty() ? "" : "; ") + one_line(part);
    }
    return fail(kind_of(sqlstate_), peer_ + ": " + text + " [SQLSTATE " + sqlstate_ + "]");
}

void Connection::give_up() {
    given_up_ = true;
    if (!connection_) return;
    // So that PQfinish() has nothing to wait for, and the server learns of it.
    const int descriptor = PQsocket(connection_.get());
    if (descriptor >= 0) shutdown(descriptor, SHUT_RDWR);
}

std::string quote_literal(std::string_view text) {
    std::string quoted = text.find('\\') == std::string_view::npos ? "'" : " E'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + '\'';
}

std::string quote_identifier(std::string_view name) {
    std::string quoted = "\"";
    for (const char c : name) {
        if (c == '"') quoted += c;
        quoted += c;
    }
    return quoted + '"';
}

}  // namespace modax::store
