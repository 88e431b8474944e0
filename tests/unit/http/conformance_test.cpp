// HTTP/1.1 as PROMISES 3.4 wants it, over raw sockets.
#include "unit/http/server_fixture.hpp"

namespace modax::http {
namespace {

struct Refused {
    const char* name;
    std::string request;
    int status;
};

std::string head_of(std::size_t size) {
    std::string head = "GET /health HTTP/1.1\r\nHost: test\r\nX-Long: ";
    head.append(size - head.size() - 4, 'a');
    return head + "\r\n\r\n";
}

std::string fields(int count) {
    std::string head = "GET /health HTTP/1.1\r\nHost: test\r\n";
    for (int i = 1; i < count; ++i) head += "X-" + std::to_string(i) + ": 1\r\n";
    return head + "\r\n";
}

class Conformance : public ServerTest {};

TEST_F(Conformance, refuses_what_is_ambiguous_or_too_large) {
    const std::string post = "POST /api/v1/ws-tickets HTTP/1.1\r\nHost: test\r\nX-API-Key: all\r\n";
    const Refused cases[] = {
        {"length and chunked",
         post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"two lengths", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
        {"length list", post + "Content-Length: 3, 3\r\n\r\nabc", 400},
        {"length with sign", post + "Content-Length: +3\r\n\r\nabc", 400},
        {"length negative", post + "Content-Length: -3\r\n\r\nabc", 400},
        {"length empty", post + "Content-Length:\r\n\r\nabc", 400},
        {"two hosts", "GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"no host", "GET /health HTTP/1.1\r\nX: a\r\n\r\n", 400},
        {"host with a path", "GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"bare LF", "GET /health HTTP/1.1\nHost: test\n\n", 400},
        {"bare LF after a field", "GET /health HTTP/1.1\r\nHost: test\nX: y\r\n\r\n", 400},
        {"bare CR", "GET /health HTTP/1.1\r\nHost: test\r\nX: a\rb\r\n\r\n", 400},
        {"NUL in a field",
         std::string{"GET /health HTTP/1.1\r\nHost: test\r\nX: a"} + '\0' + "b\r\n\r\n",
         400},
        {"folded field", "GET /health HTTP/1.1\r\nHost: test\r\nX: a\r\n b\r\n\r\n", 400},
        {"space before the colon", "GET /health HTTP/1.1\r\nHost : test\r\n\r\n", 400},
        {"field without colon", "GET /health HTTP/1.1\r\nHost: test\r\nX\r\n\r\n", 400},
        {"empty field name", "GET /health HTTP/1.1\r\nHost: test\r\n: x\r\n\r\n", 400},
        {"two keys",
         "GET /health HTTP/1.1\r\nHost: test\r\nX-API-Key: a\r\nX-API-Key: b\r\n\r\n",
         400},
        {"no version", "GET /health\r\nHost: test\r\n\r\n", 400},
        {"version 2", "GET /health HTTP/2.0\r\nHost: test\r\n\r\n", 505},
        {"version malformed", "GET /health HTTP/1.1x\r\nHost: test\r\n\r\n", 400},
        {"target with a space", "GET /he alth HTTP/1.1\r\nHost: test\r\n\r\n", 400},
        {"target not a path", "GET health HTTP/1.1\r\nHost: test\r\n\r\n", 400},
        {"method malformed", "G(T /health HTTP/1.1\r\nHost: test\r\n\r\n", 400},
        {"method unknown", "BREW /health HTTP/1.1\r\nHost: test\r\n\r\n", 501},
        {"unknown coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"chunked in 1.0",
         "POST /api/v1/ws-tickets HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"chunk size malformed", post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400},
        {"chunk size with LF", post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n", 400},
        {"chunk longer than said", post + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400},
        {"chunk too large", post + "Transfer-Encoding: chunked\r\n\r\n100001\r\n1", 413},
        {"body over 1 MiB", post + "Content-Length: 1048577\r\n\r\n", 413},
        {"expectation unknown", post + "Expect: tea\r\n\r\n", 417},
        {"head over 16 KiB", head_of(16 * 1024 + 1), 431},
        {"line over 16 KiB without an end", std::string(17 * 1024, 'a'), 431},
        {"101 fields", fields(101), 431},
        {"target over 8 KiB",
         "GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1\r\nHost: test\r\n\r\n",
         414},
    };
    start();
    for (const Refused& refused : cases) {
        SCOPED_TRACE(refused.name);
        HttpClient client{port_};
        const auto answer = client.request(refused.request);
        EXPECT_EQ(answer.status, refused.status);
        EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
        EXPECT_EQ(answer.field("Connection"), "close");
        EXPECT_TRUE(client.ended());
    }
}

TEST_F(Conformance, accepts_what_is_at_the_limit) {
    start();
    HttpClient client{port_};
    EXPECT_EQ(client.request(head_of(16 * 1024)).status, 200);
    EXPECT_EQ(client.request(fields(100)).status, 200);
    EXPECT_EQ(client.request("GET http://test/health HTTP/1.1\r\nHost: test\r\n\r\n").status, 200);
    EXPECT_EQ(client.request("GET http://test HTTP/1.1\r\nHost: test\r\n\r\n").status, 200);
    EXPECT_EQ(client.request("\r\nGET /health HTTP/1.1\r\nHost: test\r\n\r\n").status, 200);
    EXPECT_EQ(client.request("GET /health HTTP/1.1\r\nHost:test\r\nX:\t a \r\n\r\n").status, 200);
    EXPECT_EQ(client.request("OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n").status, 204);
}

TEST_F(Conformance, takes_bodies_whole_in_pieces_and_in_chunks) {
    start();
    HttpClient client{port_};
    const std::string post = "POST /api/v1/ws-tickets HTTP/1.1\r\nHost: test\r\nX-API-Key: all\r\n";
    EXPECT_EQ(client.request(post + "Content-Length: 3\r\n\r\nabc").status, 201);
    EXPECT_EQ(
        client
            .request(
                post + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n"
                       "Trailer: 1\r\n\r\n"
            )
            .status,
        201
    );
    const std::string large(1024 * 1024, 'x');
    EXPECT_EQ(client.request(post + "Content-Length: 1048576\r\n\r\n" + large).status, 201);
    client.send(post + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    EXPECT_EQ(client.read_answer().status, 100);
    EXPECT_EQ(client.request("abc").status, 201);
    // Byte by byte, with the next request right behind.
    const std::string slow =
        post + "Content-Length: 3\r\n\r\nabcGET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    for (const char byte : slow) client.send({&byte, 1});
    EXPECT_EQ(client.read_answer().status, 201);
    EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(Conformance, pipelined_requests_are_answered_in_order) {
    start();
    readings_.add(reading("press-01", 20.5));
    clock_.advance(std::chrono::seconds{1});
    HttpClient client{port_};
    std::string all;
    for (int i = 0; i < 50; ++i) {
        all += "GET /missing-" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n";
        // An answer made on a worker in between keeps its place.
        all +=
            "GET /api/v1/devices/press-01/history HTTP/1.1\r\nHost: test\r\n"
            "X-API-Key: all\r\n\r\n";
    }
    client.send(all);
    for (int i = 0; i < 50; ++i) {
        const auto missing = client.read_answer();
        EXPECT_EQ(missing.status, 404);
        EXPECT_NE(missing.body.find("/missing-" + std::to_string(i) + "\""), std::string::npos);
        const auto history = client.read_answer();
        EXPECT_EQ(history.status, 200);
        EXPECT_NE(history.body.find("20.5"), std::string::npos);
    }
}

TEST_F(Conformance, connection_field_and_version_decide_whether_it_stays) {
    start();
    {
        HttpClient client{port_};
        const auto answer = client.get("/health", "Connection: close\r\n");
        EXPECT_EQ(answer.field("Connection"), "close");
        EXPECT_TRUE(client.ended());
    }
    {
        HttpClient client{port_};
        EXPECT_EQ(client.request("GET /health HTTP/1.0\r\n\r\n").field("Connection"), "close");
        EXPECT_TRUE(client.ended());
    }
    HttpClient client{port_};
    const auto answer = client.request("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
    EXPECT_EQ(client.get("/health").status, 200);
}

TEST_F(Conformance, head_options_and_other_methods) {
    start();
    HttpClient client{port_};
    const auto head = client.request("HEAD /health HTTP/1.1\r\nHost: test\r\n\r\n", true);
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.field("Content-Length"), std::to_string(client.get("/health").body.size()));
    const auto options = client.request("OPTIONS /health HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.field("Allow"), "GET, HEAD, OPTIONS");
    const auto wrong = client.request("DELETE /health HTTP/1.1\r\nHost: test\r\n\r\n");
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.field("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(
        client.request("GET /api/v1/ws-tickets HTTP/1.1\r\nHost: test\r\n\r\n").field("Allow"),
        "POST, OPTIONS"
    );
}

TEST_F(Conformance, an_unfinished_head_is_answered_408_after_ten_seconds) {
    start();
    HttpClient client{port_};
    client.send("GET /health HTTP/1.1\r\nHost:");
    HttpClient fresh{port_};
    EXPECT_EQ(fresh.get("/health").status, 200);  // by now the other has been read
    clock_.advance(std::chrono::seconds{11});
    EXPECT_EQ(client.read_answer().status, 408);
    EXPECT_TRUE(client.ended());
    // The one that is between requests has sixty seconds.
    EXPECT_EQ(fresh.get("/health").status, 200);
    clock_.advance(std::chrono::seconds{61});
    EXPECT_TRUE(fresh.ended());
}

TEST_F(Conformance, a_body_that_trickles_is_cut_off) {
    start();
    HttpClient client{port_};
    client.send("POST /api/v1/ws-tickets HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
    HttpClient other{port_};
    EXPECT_EQ(other.get("/health").status, 200);
    clock_.advance(std::chrono::seconds{12});
    EXPECT_EQ(client.read_answer().status, 408);
    EXPECT_TRUE(client.ended());
}

TEST_F(Conformance, connections_are_limited) {
    options_.max_connections = 3;
    start();
    HttpClient first{port_};
    HttpClient second{port_};
    EXPECT_EQ(first.get("/health").status, 200);
    EXPECT_EQ(second.get("/health").status, 200);
    {
        HttpClient third{port_};
        EXPECT_EQ(third.get("/health").status, 200);
        HttpClient fourth{port_};
        EXPECT_EQ(fourth.read_answer().status, 503);
        EXPECT_TRUE(fourth.ended());
    }
    EXPECT_TRUE(eventually([&] {
        HttpClient again{port_};
        return again.get("/health").status == 200;
    }));
}

TEST_F(Conformance, connections_of_one_address_are_limited) {
    options_.max_connections_per_loopback_address = 1;
    start();
    HttpClient first{port_};
    EXPECT_EQ(first.get("/health").status, 200);
    HttpClient second{port_};
    EXPECT_EQ(second.read_answer().status, 503);
}

}  // namespace
}  // namespace modax::http
