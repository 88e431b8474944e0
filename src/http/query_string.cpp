#include "http/query_string.hpp"

#include <charconv>

namespace modax::http {

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            unsigned char byte = 0;
            if (i + 2 >= text.size()) return std::nullopt;
            const char* end = text.data() + i + 3;
            const auto parsed = std::from_chars(text.data() + i + 1, end, byte, 16);
            if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
            decoded += static_cast<char>(byte);
            i += 2;
        }
    }
    return decoded;
}

std::optional<QueryString> QueryString::parse(std::string_view query) {
    QueryString parsed;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>{std::in_place}
                         : percent_decode(pair.substr(equals + 1), true);
        if (!name || !value) return std::nullopt;
        parsed.values_.emplace_back(std::move(*name), std::move(*value));
    }
    return parsed;
}

std::optional<std::string_view> QueryString::find(std::string_view name) const {
    for (const auto& [known, value] : values_) {
        if (known == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string> split_list(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (const auto part = list.substr(0, comma); !part.empty()) parts.emplace_back(part);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return parts;
}

}  // namespace modax::http
