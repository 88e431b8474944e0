#include "http/resources.hpp"

#include <array>
#include <functional>

namespace modax::http {

std::optional<QueryString> parse_query(const Call& call, Response& response) {
    auto query = QueryString::parse(call.request.query);
    if (!query) {
        set_problem(response, 400, "the query has a malformed percent escape", call.request.path);
    }
    return query;
}

void set_invalid_query(const Call& call, Response& response, std::span<const FieldError> errors) {
    std::string detail = "the query is not valid:";
    for (const FieldError& error : errors) detail += " " + error.field + " " + error.detail + ";";
    detail.pop_back();
    set_problem(response, 422, detail, call.request.path, errors);
}

void set_etag(const Call& call, Response& response) {
    constexpr std::string_view k_hex = "0123456789abcdef";
    std::array<char, 18> tag{};
    tag.front() = tag.back() = '"';
    std::uint64_t hash = std::hash<std::string_view>{}(response.content());
    for (std::size_t i = 1; i <= 16; ++i, hash >>= 4U) tag[i] = k_hex[hash & 0xFU];
    const std::string_view etag{tag.data(), tag.size()};
    response.add_field("ETag", etag);
    // The comparison is the weak one (RFC 9110 section 13.1.2), so a "W/" in front is no matter.
    const auto known = call.request.if_none_match;
    if (known.empty() || (known != "*" && known.find(etag) == std::string_view::npos)) return;
    response.status = 304;
    response.body.clear();
    response.shared_body.reset();
}

}  // namespace modax::http
