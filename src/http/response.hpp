// An answer while it is made. One per connection, used again for each request so that its buffers
// stay.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace modax::http {

struct LiveRequest;
struct Response;

// Makes a body that needs the store, step by step, so that no worker waits for a slow client.
// Called on worker threads, one call at a time.
class BodyProducer {
public:
    virtual ~BodyProducer() = default;
    // Appends the next part, about k_step_bytes; true when there is more. An error of the first
    // step becomes a problem; a later one cuts the connection, so that nobody takes half an answer
    // for a whole one.
    // Nothing is sent before the first byte.
    virtual Result<bool> produce(std::string& out) = 0;

    // On the I/O thread, before the head is written: what only the first steps could tell of
    // status and fields. May make another body of a whole answer.
    virtual void describe(Response&) {}
    // Of the whole body, where it is known by then.
    virtual std::optional<std::uint64_t> length() const { return std::nullopt; }
    // Fields behind a body in chunks, once all is made, each with its CRLF.
    virtual std::string trailers() const { return {}; }

    static constexpr std::size_t k_step_bytes = 256 * 1024;
};

struct Response {
    static constexpr std::string_view k_json = "application/json";
    static constexpr std::string_view k_problem_json = "application/problem+json";

    int status = 200;
    std::string_view content_type = k_json;
    std::string fields;  // further header fields, each with its CRLF
    std::string body;
    std::shared_ptr<const std::string> shared_body;  // instead of body
    std::unique_ptr<BodyProducer> producer;          // instead of both
    std::shared_ptr<const LiveRequest> live;         // becomes a WebSocket instead

    Response();
    ~Response();
    Response(const Response&) = delete;
    Response& operator=(const Response&) = delete;

    void reset();
    std::string_view content() const;
    void add_field(std::string_view name, std::string_view value);
};

enum class Framing : std::uint8_t {
    content_length,  // the whole body is known
    chunked,
    until_close,  // HTTP/1.0
    none,         // 304, 204: no body and no length
};

struct HeadOptions {
    Framing framing = Framing::content_length;
    bool close = false;                   // say that the connection ends
    bool say_keep_alive = false;          // HTTP/1.0 that asked for it
    std::string_view date;                // IMF-fixdate
    bool strict_transport = false;        // RFC 6797
    std::optional<std::uint64_t> length;  // of a body that is still to be made
};

std::string_view reason_phrase(int status);
// Status line, fields and empty line.
void append_head(std::string& out, const Response& response, const HeadOptions& options);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7).
std::string format_http_date(std::int64_t seconds_since_1970);

}  // namespace modax::http
