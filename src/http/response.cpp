#include "http/response.hpp"

#include "http/live_request.hpp"

#include <array>
#include <charconv>
#include <chrono>

namespace modax::http {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), end.ptr);
}

void append_two_digits(std::string& out, unsigned number) {
    out += static_cast<char>('0' + number / 10);
    out += static_cast<char>('0' + number % 10);
}

}  // namespace

Response::Response() = default;
Response::~Response() = default;

void Response::reset() {
    status = 200;
    content_type = k_json;
    fields.clear();
    body.clear();
    shared_body.reset();
    producer.reset();
    live.reset();
}

std::string_view Response::content() const {
    return shared_body ? std::string_view{*shared_body} : std::string_view{body};
}

void Response::add_field(std::string_view name, std::string_view value) {
    fields += name;
    fields += ": ";
    fields += value;
    fields += "\r\n";
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

void append_head(std::string& out, const Response& response, const HeadOptions& options) {
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(response.status));
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\nDate: ";
    out += options.date;
    if (options.framing != Framing::none) {
        out += "\r\nContent-Type: ";
        out += response.content_type;
    }
    if (options.framing == Framing::content_length) {
        out += "\r\nContent-Length: ";
        append_number(out, options.length.value_or(response.content().size()));
    } else if (options.framing == Framing::chunked) {
        out += "\r\nTransfer-Encoding: chunked";
    }
    if (options.close) {
        out += "\r\nConnection: close";
    } else if (options.say_keep_alive) {
        out += "\r\nConnection: keep-alive";
    }
    if (options.strict_transport) {
        out += "\r\nStrict-Transport-Security: max-age=31536000";
    }
    out += "\r\n";
    out += response.fields;
    out += "\r\n";
}

std::string format_http_date(std::int64_t seconds_since_1970) {
    constexpr std::array<std::string_view, 7> k_days{
        "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> k_months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::sys_seconds time{std::chrono::seconds{seconds_since_1970}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::string text{k_days[std::chrono::weekday{day}.c_encoding()]};
    text += ", ";
    append_two_digits(text, static_cast<unsigned>(date.day()));
    text += ' ';
    text += k_months[static_cast<unsigned>(date.month()) - 1];
    text += ' ';
    append_number(text, static_cast<std::uint64_t>(static_cast<int>(date.year())));
    text += ' ';
    append_two_digits(text, static_cast<unsigned>(clock.hours().count()));
    text += ':';
    append_two_digits(text, static_cast<unsigned>(clock.minutes().count()));
    text += ':';
    append_two_digits(text, static_cast<unsigned>(clock.seconds().count()));
    text += " GMT";
    return text;
}

}  // namespace modax::http
