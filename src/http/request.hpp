// One HTTP/1.1 request as the parser leaves it: views into the connection's read buffer, valid
// until the next read. Only the fields the gateway uses are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace modax::http {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };

std::string_view to_string(Method method);

struct Request {
    Method method = Method::get;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool expect_continue = false;
    bool chunked = false;
    bool connection_upgrade = false;  // "Connection: Upgrade"
    bool forwarded = false;           // a proxy says that it passed the request on
    std::uint64_t content_length = 0;
    std::string_view path;   // still percent-encoded; "*" for OPTIONS *
    std::string_view query;  // still percent-encoded, without '?'
    std::string_view host;
    std::optional<std::string_view> api_key;
    std::optional<std::string_view> origin;
    std::optional<std::string_view> idempotency_key;
    std::string_view if_none_match;
    std::string_view range;
    std::string_view if_range;
    std::string_view accept_encoding;
    std::string_view upgrade;
    std::string_view websocket_key;
    std::string_view websocket_version;
    std::string_view body;  // of the whole request, once it is there
};

}  // namespace modax::http
