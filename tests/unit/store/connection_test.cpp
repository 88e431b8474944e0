#include "store/connection.hpp"

#include "support/plant_database.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace modax::store {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class StoreConnection : public test::WithPlantDatabase {};

TEST_F(StoreConnection, ValuesComeBackAsTheyWere) {
    auto connection = database().connect();
    const auto rows = connection.query(
        "SELECT $1::text, $2::bigint, $3::float8, $4::boolean, $5::text",
        {"O'Neil \\ \"ü\"", "-9007199254740993", "0.1", "true", std::nullopt}
    );
    ASSERT_TRUE(rows) << rows.error().detail;
    ASSERT_EQ(rows->count(), 1);
    EXPECT_EQ(rows->text(0, 0), "O'Neil \\ \"ü\"");
    EXPECT_EQ(rows->integer(0, 1), -9007199254740993);
    EXPECT_EQ(rows->number(0, 2), 0.1);
    EXPECT_TRUE(rows->flag(0, 3));
    EXPECT_TRUE(rows->is_null(0, 4));
}

TEST_F(StoreConnection, QuotedTextsSurvive) {
    auto connection = database().connect();
    const std::string text = "it's a \\ and a \"";
    const auto rows =
        connection.query("SELECT " + quote_literal(text) + " AS " + quote_identifier("a\"b"));
    ASSERT_TRUE(rows) << rows.error().detail;
    EXPECT_EQ(rows->text(0, 0), text);
}

TEST_F(StoreConnection, FailuresTellKindStateAndReasonAndTheConnectionGoesOn) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE t(n smallint PRIMARY KEY, CHECK(n <> 13))"));
    const struct {
        const char* statement;
        Errc code;
        const char* state;
    } cases[] = {
        {"INSERT INTO t VALUES(70000)", Errc::invalid_argument, "22003"},
        {"INSERT INTO t VALUES(13)", Errc::invalid_argument, "23514"},
        {"INSERT INTO t VALUES(1), (1)", Errc::already_exists, "23505"},
        {"SELECT * FROM absent", Errc::not_found, "42P01"},
        {"SELEC", Errc::io_error, "42601"},
    };
    for (const auto& each : cases) {
        const auto done = connection.execute(each.statement);
        ASSERT_FALSE(done) << each.statement;
        EXPECT_EQ(done.error().code, each.code) << done.error().detail;
        EXPECT_EQ(connection.sqlstate(), each.state);
        EXPECT_THAT(done.error().detail, HasSubstr(each.state));
        EXPECT_TRUE(connection.usable());
    }
    EXPECT_TRUE(connection.execute("SELECT 1"));
    EXPECT_EQ(connection.sqlstate(), "");
}

TEST_F(StoreConnection, TransactionIsAllOrNothing) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE t(n int)"));
    const auto failed = connection.transaction([&]() -> Status {
        if (auto done = connection.execute("INSERT INTO t VALUES(1)"); !done) return done;
        return connection.execute("INSERT INTO t VALUES('word')");
    });
    EXPECT_FALSE(failed);
    EXPECT_EQ(connection.sqlstate(), "22P02");
    EXPECT_TRUE(connection.transaction([&] { return connection.execute("INSERT INTO t VALUES(2)"); }
    ));
    EXPECT_EQ(database().value("SELECT string_agg(n::text, ',') FROM t"), "2");
}

TEST_F(StoreConnection, CopyTakesMoreThanTheSocketHolds) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE t(n int, w text)"));
    std::string data;
    const int count = 200'000;
    for (int n = 0; n < count; ++n) data += std::to_string(n) + "\tsome words of a reading\n";
    ASSERT_GT(data.size(), std::size_t{5} * 1024 * 1024);
    const auto copied = connection.copy_in("COPY t FROM STDIN", data);
    ASSERT_TRUE(copied) << copied.error().detail;
    EXPECT_EQ(*copied, static_cast<std::uint64_t>(count));
    EXPECT_EQ(database().value("SELECT sum(n) FROM t"), "19999900000");
}

TEST_F(StoreConnection, CopyTellsABadRowAndGoesOn) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE t(n int)"));
    const auto bad = connection.copy_in("COPY t FROM STDIN", "1\nword\n3\n");
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, Errc::invalid_argument);
    EXPECT_EQ(connection.sqlstate(), "22P02");
    EXPECT_THAT(bad.error().detail, HasSubstr("line 2"));
    const auto absent = connection.copy_in("COPY absent FROM STDIN", "1\n");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, Errc::not_found);
    const auto good = connection.copy_in("COPY t FROM STDIN", "1\n2\n");
    ASSERT_TRUE(good) << good.error().detail;
    EXPECT_EQ(*good, 2U);
}

TEST_F(StoreConnection, ALongStatementIsEndedByTheServer) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.set_statement_timeout(milliseconds{50}));
    const auto slept = connection.execute("SELECT pg_sleep(60)");
    ASSERT_FALSE(slept);
    EXPECT_EQ(slept.error().code, Errc::timed_out);
    EXPECT_EQ(connection.sqlstate(), "57014");
    EXPECT_TRUE(connection.usable());
}

// A backend that is stopped can neither answer nor cancel.
TEST_F(StoreConnection, AHungServerIsGivenUp) {
    auto connection = database().connect();
    const auto backend = connection.query("SELECT pg_backend_pid()");
    ASSERT_TRUE(backend);
    const auto pid = static_cast<pid_t>(backend->integer(0, 0));
    ASSERT_TRUE(connection.set_statement_timeout(milliseconds{100}));
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    const auto answer = connection.execute("SELECT 1");
    const bool usable = connection.usable();
    const auto later = connection.query("SELECT 1");
    kill(pid, SIGCONT);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out);
    EXPECT_FALSE(usable);
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().code, Errc::unavailable);
}

TEST_F(StoreConnection, AHungServerDoesNotBlockACopy) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute("CREATE TABLE t(w text)"));
    const auto backend = connection.query("SELECT pg_backend_pid()");
    ASSERT_TRUE(backend);
    const auto pid = static_cast<pid_t>(backend->integer(0, 0));
    ASSERT_TRUE(connection.set_statement_timeout(milliseconds{100}));
    std::string data;
    for (int n = 0; n < 300'000; ++n) data += "more than every buffer on the way can take\n";
    ASSERT_EQ(kill(pid, SIGSTOP), 0);
    const auto copied = connection.copy_in("COPY t FROM STDIN", data);
    kill(pid, SIGCONT);
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Errc::timed_out);
    EXPECT_FALSE(connection.usable());
}

TEST_F(StoreConnection, AStopRequestEndsAWait) {
    std::stop_source stop;
    auto opened = Connection::open(database().target(), stop.get_token());
    ASSERT_TRUE(opened) << opened.error().detail;
    std::atomic<bool> waiting = false;
    std::jthread other{[&] {
        waiting.wait(false);
        stop.request_stop();
    }};
    waiting = true;
    waiting.notify_one();
    const auto slept = opened->execute("SELECT pg_sleep(20)");
    ASSERT_FALSE(slept);
    EXPECT_EQ(slept.error().code, Errc::cancelled);
    EXPECT_FALSE(opened->usable());
}

TEST_F(StoreConnection, ALostConnectionIsUnavailable) {
    auto connection = database().connect();
    const auto backend = connection.query("SELECT pg_backend_pid()");
    ASSERT_TRUE(backend);
    EXPECT_EQ(
        database().value("SELECT pg_terminate_backend(" + std::string{backend->text(0, 0)} + ")"),
        "t"
    );
    const auto answer = connection.execute("SELECT 1");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unavailable);
    EXPECT_FALSE(connection.usable());
}

TEST_F(StoreConnection, AWrongPasswordIsToldAndNotShown) {
    Target target = database().target();
    target.password = Secret{"wrong-and-secret"};
    const auto opened = Connection::open(target);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().detail, HasSubstr("password authentication failed"));
    EXPECT_THAT(opened.error().detail, testing::Not(HasSubstr("wrong-and-secret")));
}

// Takes connections, as the kernel does for a stopped server, and says nothing.
TEST(StoreConnecting, GivesUpAServerThatTakesAndSaysNothing) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener, 4), 0);
    ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    Target target;
    target.url = "postgresql://modax@127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x";
    target.connect_timeout = milliseconds{100};
    const auto opened = Connection::open(target);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::timed_out);

    std::stop_source stop;
    stop.request_stop();
    target.connect_timeout = std::chrono::hours{1};
    const auto stopped = Connection::open(target, stop.get_token());
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Errc::cancelled);

    close(listener);
    const auto refused = Connection::open(target);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
}

}  // namespace
}  // namespace modax::store
