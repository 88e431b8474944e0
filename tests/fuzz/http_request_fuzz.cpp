// The head of an HTTP request, its query and its chunked body, in pieces and at once. Whatever is
// accepted keeps to RFC 9112 where proxies are known to read differently: one length, one host, no
// bare line feed, no folded field.
#include "http/chunked_decoder.hpp"
#include "http/query_string.hpp"
#include "http/request_parser.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace modax::http;

void require(bool holds) {
    if (!holds) std::abort();
}

// How often a field of that name (lower case) is in the head.
std::size_t count_fields(std::string_view head, std::string_view name) {
    std::string lower{head};
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    const std::string wanted = "\r\n" + std::string{name} + ":";
    std::size_t count = 0;
    for (auto at = lower.find(wanted); at != std::string::npos; at = lower.find(wanted, at + 1)) {
        ++count;
    }
    return count;
}

void check_accepted(std::string_view head, const Request& request) {
    require(head.size() <= k_max_head_bytes);
    require(head.ends_with("\r\n\r\n"));
    for (std::size_t i = 0; i < head.size(); ++i) {
        require(head[i] != '\n' || (i > 0 && head[i - 1] == '\r'));
        require(head[i] != '\0');
    }
    require(head.find("\r\n ") == std::string_view::npos);
    require(head.find("\r\n\t") == std::string_view::npos);
    require(count_fields(head, "host") <= 1);
    require(count_fields(head, "content-length") <= 1);
    if (request.chunked) require(count_fields(head, "content-length") == 0);
    require(request.path.empty() || request.path[0] == '/' || request.path == "*");
    (void)QueryString::parse(request.query);
}

// In steps of `step` bytes; what comes out must not depend on them.
ChunkedDecoder::State decode(
    std::string_view input, std::size_t step, std::string& body, std::string_view& rest
) {
    ChunkedDecoder decoder;
    auto state = ChunkedDecoder::State::incomplete;
    while (!input.empty() && state == ChunkedDecoder::State::incomplete) {
        std::string_view part = input.substr(0, step);
        const auto before = part.size();
        state = decoder.feed(part, body, k_max_body_bytes);
        require(part.size() <= before);
        require(state != ChunkedDecoder::State::incomplete || part.empty());
        input.remove_prefix(before - part.size());
    }
    rest = input;
    return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    std::size_t scanned = 0;
    const auto whole = scan_head(input, scanned);

    // Byte by byte it must end at the same place with the same answer.
    std::size_t piecewise = 0;
    HeadScan last;
    for (std::size_t length = 1; length <= std::min<std::size_t>(size, 2048); ++length) {
        last = scan_head(input.substr(0, length), piecewise);
        if (last.state != HeadScan::State::incomplete) break;
    }
    if (whole.state == HeadScan::State::complete && whole.size <= 2048) {
        require(last.state == HeadScan::State::complete && last.size == whole.size);
    }

    if (whole.state != HeadScan::State::complete) return 0;
    const auto head = input.substr(0, whole.size);
    Request request;
    if (parse_head(head, request).status != 0) return 0;
    check_accepted(head, request);
    if (!request.chunked) return 0;

    std::string at_once;
    std::string in_pieces;
    std::string_view rest_at_once;
    std::string_view rest_in_pieces;
    const auto state = decode(input.substr(whole.size), size, at_once, rest_at_once);
    require(decode(input.substr(whole.size), 1, in_pieces, rest_in_pieces) == state);
    if (state == ChunkedDecoder::State::complete) {
        require(at_once == in_pieces && rest_at_once == rest_in_pieces);
        require(at_once.size() <= k_max_body_bytes);
    }
    return 0;
}
