#include "http/request_parser.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace modax::http {
namespace {

constexpr Refusal bad(std::string_view detail) {
    return {400, detail};
}

constexpr std::array<bool, 256> token_characters() {
    std::array<bool, 256> table{};
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) {
        table[static_cast<unsigned char>(c)] = true;
    }
    for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
    return table;
}
constexpr auto k_token = token_characters();

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return k_token[static_cast<unsigned char>(c)];
    });
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
    return text.size() == lower_case.size() &&
           std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) {
               return lower(a) == b;
           });
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

template <class Each>
void for_each_element(std::string_view list, const Each& each) {
    while (true) {
        const auto comma = list.find(',');
        each(trim(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::optional<Method> parse_method(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Method>, 7> k_methods{
        {{"GET", Method::get},
         {"HEAD", Method::head},
         {"POST", Method::post},
         {"PUT", Method::put},
         {"PATCH", Method::patch},
         {"DELETE", Method::delete_},
         {"OPTIONS", Method::options}}};
    for (const auto& [name, method] : k_methods) {
        if (name == text) return method;
    }
    return std::nullopt;
}

// uri-host [":" port], RFC 3986, loosely: what can't be in any of them is refused.
bool is_valid_host(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return k_token[static_cast<unsigned char>(c)] || c == ':' || c == '[' || c == ']' ||
               c == '(' || c == ')' || c == ';' || c == '=';
    });
}

Refusal parse_target(std::string_view target, Request& request) {
    if (target.size() > k_max_target_bytes) return {414, "the request target is too long"};
    for (const char c : target) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F) return bad("the request target has an invalid character");
    }
    if (target == "*" && request.method == Method::options) {
        request.path = target;
        request.query = {};
        return {};
    }
    // The absolute form is for proxies, but servers must accept it (RFC 9112 section 3.2.2).
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(scheme.size());
        const auto end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0) return bad("the request target has no host");
        target.remove_prefix(end);
        if (target.empty() || target.front() == '?') {
            request.path = "/";
            request.query = target.empty() ? target : target.substr(1);
            return {};
        }
        break;
    }
    if (target.empty() || target.front() != '/') return bad("the request target is not a path");
    if (target.find('#') != std::string_view::npos) return bad("the request target has a fragment");
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    request.query =
        question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
    return {};
}

Refusal parse_request_line(std::string_view line, Request& request) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return bad("the request line is not METHOD TARGET VERSION");
    }
    const auto version = line.substr(last + 1);
    if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.' ||
        version[5] < '0' || version[5] > '9' || version[7] < '0' || version[7] > '9') {
        return bad("the protocol version is malformed");
    }
    if (version[5] != '1') return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    request.http_1_0 = version[7] == '0';
    request.keep_alive = !request.http_1_0;
    const auto method = line.substr(0, first);
    if (!is_token(method)) return bad("the method is malformed");
    const auto known = parse_method(method);
    if (!known) return {501, "the method is not implemented"};
    request.method = *known;
    return parse_target(line.substr(first + 1, last - first - 1), request);
}

// The fields of a head, with what must be known of all of them together.
class Fields {
public:
    explicit Fields(Request& request) : request_{request} {}

    Refusal take(std::string_view name, std::string_view value) {
        if (equals_ignoring_case(name, "host")) return host(value);
        if (equals_ignoring_case(name, "x-api-key")) {
            return once(request_.api_key, value, "X-API-Key is sent twice");
        }
        if (equals_ignoring_case(name, "origin")) {
            return once(request_.origin, value, "Origin is sent twice");
        }
        if (equals_ignoring_case(name, "connection")) return connection(value);
        if (equals_ignoring_case(name, "content-length")) return content_length(value);
        if (equals_ignoring_case(name, "transfer-encoding")) return transfer_encoding(value);
        return take_plain(name, value);
    }

    Refusal finish() const {
        if (!host_seen_ && !request_.http_1_0) return bad("the Host field is missing");
        if (request_.chunked && length_seen_) {
            return bad("Content-Length and Transfer-Encoding exclude each other");
        }
        if (request_.chunked && request_.http_1_0) {
            return bad("HTTP/1.0 has no Transfer-Encoding");
        }
        if (request_.content_length > k_max_body_bytes) return {413, "the body is over 1 MiB"};
        return {};
    }

private:
    Refusal take_plain(std::string_view name, std::string_view value) {
        if (equals_ignoring_case(name, "idempotency-key")) {
            request_.idempotency_key = value;
        } else if (equals_ignoring_case(name, "if-none-match")) {
            request_.if_none_match = value;
        } else if (equals_ignoring_case(name, "range")) {
            request_.range = value;
        } else if (equals_ignoring_case(name, "if-range")) {
            request_.if_range = value;
        } else if (equals_ignoring_case(name, "accept-encoding")) {
            request_.accept_encoding = value;
        } else if (equals_ignoring_case(name, "expect")) {
            if (!equals_ignoring_case(value, "100-continue")) {
                return {417, "only Expect: 100-continue is understood"};
            }
            request_.expect_continue = !request_.http_1_0;
        } else if (equals_ignoring_case(name, "upgrade")) {
            request_.upgrade = value;
        } else if (equals_ignoring_case(name, "sec-websocket-key")) {
            request_.websocket_key = value;
        } else if (equals_ignoring_case(name, "sec-websocket-version")) {
            request_.websocket_version = value;
        } else if (equals_ignoring_case(name, "x-forwarded-for") ||
                   equals_ignoring_case(name, "forwarded") || equals_ignoring_case(name, "via")) {
            request_.forwarded = true;
        }
        return {};
    }

    static Refusal once(
        std::optional<std::string_view>& field, std::string_view value, std::string_view twice
    ) {
        if (field) return bad(twice);
        field = value;
        return {};
    }

    Refusal host(std::string_view value) {
        if (host_seen_) return bad("Host is sent twice");
        if (!is_valid_host(value)) return bad("the Host field is malformed");
        host_seen_ = true;
        request_.host = value;
        return {};
    }

    Refusal connection(std::string_view value) {
        for_each_element(value, [this](std::string_view option) {
            if (equals_ignoring_case(option, "close")) {
                closing_ = true;
            } else if (equals_ignoring_case(option, "keep-alive")) {
                request_.keep_alive = true;
            } else if (equals_ignoring_case(option, "upgrade")) {
                request_.connection_upgrade = true;
            }
        });
        if (closing_) request_.keep_alive = false;
        return {};
    }

    Refusal content_length(std::string_view value) {
        if (length_seen_) return bad("Content-Length is sent twice");
        if (value.empty() || value.size() > 18) return bad("Content-Length is no valid number");
        std::uint64_t length = 0;
        for (const char c : value) {
            if (c < '0' || c > '9') return bad("Content-Length is no valid number");
            length = length * 10 + static_cast<std::uint64_t>(c - '0');
        }
        length_seen_ = true;
        request_.content_length = length;
        return {};
    }

    Refusal transfer_encoding(std::string_view value) {
        if (request_.chunked) return bad("Transfer-Encoding is sent twice");
        if (!equals_ignoring_case(value, "chunked")) {
            return {501, "only the transfer coding chunked is understood"};
        }
        request_.chunked = true;
        return {};
    }

    Request& request_;
    bool host_seen_ = false;
    bool length_seen_ = false;
    bool closing_ = false;
};

Refusal parse_field(std::string_view line, Fields& fields) {
    if (line.front() == ' ' || line.front() == '\t') {
        return bad("a field is folded over lines");
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return bad("a field is not NAME: VALUE");
    }
    const auto value = line.substr(colon + 1);
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            return bad("a field has a control character");
        }
    }
    return fields.take(line.substr(0, colon), trim(value));
}

}  // namespace

std::string_view to_string(Method method) {
    constexpr std::array<std::string_view, 7> k_names{
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    return k_names[static_cast<std::size_t>(method)];
}

HeadScan scan_head(std::string_view input, std::size_t& scanned) {
    while (true) {
        const auto line_feed = input.find('\n', scanned);
        if (line_feed == std::string_view::npos) break;
        if (line_feed == 0 || input[line_feed - 1] != '\r') {
            return {HeadScan::State::refused, 0, bad("a line ends with LF alone")};
        }
        // `scanned` is always the start of a line.
        const bool empty = line_feed - 1 == scanned;
        scanned = line_feed + 1;
        if (scanned > k_max_head_bytes) break;
        if (empty) return {HeadScan::State::complete, scanned, {}};
    }
    if (input.size() > k_max_head_bytes || scanned > k_max_head_bytes) {
        return {HeadScan::State::refused, 0, {431, "the head is over 16 KiB"}};
    }
    return {};
}

Refusal parse_head(std::string_view head, Request& request) {
    request = Request{};
    auto line_end = head.find("\r\n");
    if (const auto line = head.substr(0, line_end); line.find('\r') != std::string_view::npos) {
        return bad("a line has a bare CR");
    } else if (const auto refusal = parse_request_line(line, request); refusal.status != 0) {
        return refusal;
    }
    head.remove_prefix(line_end + 2);
    Fields fields{request};
    for (std::size_t count = 0; !head.starts_with("\r\n"); ++count) {
        if (count == k_max_fields) return {431, "there are over 100 fields"};
        line_end = head.find("\r\n");
        const auto refusal = parse_field(head.substr(0, line_end), fields);
        if (refusal.status != 0) return refusal;
        head.remove_prefix(line_end + 2);
    }
    return fields.finish();
}

}  // namespace modax::http
