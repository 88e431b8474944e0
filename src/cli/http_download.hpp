// GET over HTTP/1.1, plain or TLS, with the body handed on as it comes. For commands that work
// against a gateway. Blocking, with time limits; one thread.
#pragma once

#include "core/result.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace modax::cli {

struct HttpAddress {
    bool tls = false;
    std::string host;
    std::string port;
    std::string base;  // path in front of every target, without a slash at its end
};

// "http://host[:port][/base]", "https://…". Errors: invalid_argument.
Result<HttpAddress> parse_http_address(std::string_view url);

struct HttpDownload {
    HttpAddress address;
    std::string target;                // with the query
    std::string fields;                // each with its CRLF
    std::string ca_file;               // authorities (PEM) for TLS; empty: the system's
    std::chrono::seconds silence{60};  // no byte for so long is a failure
};

struct HttpHead {
    int status = 0;
    // By lower-case name; behind a body in chunks also its trailers.
    std::map<std::string, std::string> fields;
    std::string field(const std::string& name) const;
};

// `begun` gets the head, `part` the body piece by piece; either may stop the download with an
// error. Returns the head with the trailers. Errors: unavailable (connecting, TLS, time), io_error
// (the connection ended before the body did), protocol_error, and what the two return.
Result<HttpHead> download(
    const HttpDownload& what,
    const std::function<Status(const HttpHead&)>& begun,
    const std::function<Status(std::string_view)>& part
);

}  // namespace modax::cli
