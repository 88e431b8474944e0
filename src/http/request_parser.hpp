// Reads the head of an HTTP/1.1 request (RFC 9112) strictly and without allocation: what proxies
// and servers are known to read differently is refused. Pure functions; any thread.
#pragma once

#include "http/request.hpp"

#include <cstddef>
#include <string_view>

namespace modax::http {

// PROMISES 3.4.
inline constexpr std::size_t k_max_head_bytes = 16 * 1024;
inline constexpr std::size_t k_max_target_bytes = 8 * 1024;
inline constexpr std::size_t k_max_fields = 100;
inline constexpr std::size_t k_max_body_bytes = 1024 * 1024;

// Why a request is refused; the connection is closed after the answer.
struct Refusal {
    int status = 0;  // 0: not refused
    std::string_view detail;
};

struct HeadScan {
    enum class State : std::uint8_t { incomplete, complete, refused };
    State state = State::incomplete;
    std::size_t size = 0;  // of the head with its empty line, when complete
    Refusal refusal;
};

// Looks for the end of the head in `input`, which starts with the request line. `scanned` is where
// the last call stopped (0 at first) and is moved on. A bare LF is refused at once, as the head
// might never end otherwise.
HeadScan scan_head(std::string_view input, std::size_t& scanned);

// Parses a complete head. A refusal with status 0 means that `request` is filled.
Refusal parse_head(std::string_view head, Request& request);

}  // namespace modax::http
