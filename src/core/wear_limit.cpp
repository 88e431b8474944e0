#include "core/wear_limit.hpp"

#include "core/metric_selection.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace modax {
namespace {

// The next word, without the blanks around it; empty at the end.
std::string_view take_word(std::string_view& text) {
    const auto from = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(from);
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

bool is_pattern(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-' || c == '*';
    });
}

}  // namespace

Result<WearLimit> parse_wear_limit(std::string_view text) {
    const auto wrong = [text](std::string_view what) {
        return fail(
            Errc::invalid_argument,
            "'" + std::string{text} + "': " + std::string{what} +
                "; write device, metric and limit, for example \"cnc-* vibration 7.1\""
        );
    };
    std::string_view rest = text;
    const auto device = take_word(rest);
    const auto metric = take_word(rest);
    const auto number = take_word(rest);
    if (!take_word(rest).empty() || number.empty()) return wrong("must be three words");
    if (!is_pattern(device)) return wrong("the first word is no pattern of device ids");
    const auto names = parse_metric_names(metric);
    if (!names || names->size() != 1) return wrong("the second word is no metric's name");
    WearLimit limit{std::string{device}, std::string{metric}, 0};
    const char* end = number.data() + number.size();
    const auto read = std::from_chars(number.data(), end, limit.limit);
    if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(limit.limit)) {
        return wrong("the limit is no number");
    }
    return limit;
}

}  // namespace modax
