#include "core/time.hpp"

#include <array>

namespace modax {
namespace {

// Reads exactly `count` digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const char c = text[i];
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::chrono::microseconds> take_fraction(std::string_view& text) {
    std::int64_t micros = 0;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        if (digits < 6) micros = micros * 10 + (text.front() - '0');
        ++digits;
        text.remove_prefix(1);
    }
    if (digits == 0 || digits > 12) return std::nullopt;
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
    return std::chrono::microseconds{micros};
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text) {
    if (text.empty() || take(text, 'Z') || take(text, 'z')) return std::chrono::minutes{0};
    const bool negative = text.front() == '-';
    if (!negative && text.front() != '+') return std::nullopt;
    text.remove_prefix(1);
    const auto hours = take_digits(text, 2);
    if (!hours || *hours > 23) return std::nullopt;
    int minutes = 0;
    if (!text.empty()) {
        take(text, ':');
        const auto maybe_minutes = take_digits(text, 2);
        if (!maybe_minutes || *maybe_minutes > 59) return std::nullopt;
        minutes = *maybe_minutes;
    }
    const std::chrono::minutes offset{*hours * 60 + minutes};
    return negative ? -offset : offset;
}

void append_number(std::string& out, std::int64_t value, int width) {
    std::array<char, 20> digits{};
    for (int i = width - 1; i >= 0; --i) {
        digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    out.append(digits.data(), static_cast<std::size_t>(width));
}

}  // namespace

std::optional<Timestamp> parse_iso8601(std::string_view text) {
    const auto year = take_digits(text, 4);
    if (!year || *year < 1970 || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    Timestamp result = std::chrono::sys_days{date};
    if (text.empty()) return result;

    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59) return std::nullopt;
    int second = 0;
    std::chrono::microseconds fraction{0};
    if (take(text, ':')) {
        const auto maybe_second = take_digits(text, 2);
        if (!maybe_second || *maybe_second > 60) return std::nullopt;  // 60: a leap second
        second = *maybe_second;
        if (take(text, '.') || take(text, ',')) {
            const auto maybe_fraction = take_fraction(text);
            if (!maybe_fraction) return std::nullopt;
            fraction = *maybe_fraction;
        }
    }
    const auto offset = take_offset(text);
    if (!offset || !text.empty()) return std::nullopt;
    return result + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{second} + fraction - *offset;
}

void append_iso8601(std::string& out, Timestamp time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    std::int64_t micros = (time - day).count();
    append_number(out, static_cast<int>(date.year()), 4);
    out += '-';
    append_number(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    const std::int64_t seconds = micros / 1'000'000;
    micros %= 1'000'000;
    append_number(out, seconds / 3600, 2);
    out += ':';
    append_number(out, seconds / 60 % 60, 2);
    out += ':';
    append_number(out, seconds % 60, 2);
    if (micros != 0) {
        out += '.';
        if (micros % 1000 == 0) {
            append_number(out, micros / 1000, 3);
        } else {
            append_number(out, micros, 6);
        }
    }
    out += 'Z';
}

std::string format_iso8601(Timestamp time) {
    std::string out;
    append_iso8601(out, time);
    return out;
}

}  // namespace modax
