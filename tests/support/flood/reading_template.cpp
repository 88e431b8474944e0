#include "support/flood/reading_template.hpp"

#include "support/flood/mqtt_packets.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace modax::flood {

namespace {

constexpr std::int64_t k_micros_per_second = 1'000'000;
constexpr unsigned k_duplicate_flag = 0x08;

void put_digits(std::string& bytes, std::size_t at, std::size_t width, std::uint64_t value) {
    for (auto place = width; place-- > 0; value /= 10) {
        bytes[at + place] = static_cast<char>('0' + value % 10);
    }
}

}  // namespace

std::int64_t wall_micros() {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch()
    )
        .count();
}

std::optional<std::int64_t> timestamp_of(std::string_view json) {
    constexpr std::string_view k_key = R"("timestamp":")";
    constexpr std::size_t k_to_seconds = std::string_view{"2025-12-09T10:30:00"}.size();
    const auto found = json.find(k_key);
    if (found == std::string_view::npos) return std::nullopt;
    const auto text = json.substr(found + k_key.size());
    if (text.size() < k_to_seconds + 1) return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t width) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + at + width, value);
        return value;
    };
    const std::chrono::year_month_day day{
        std::chrono::year{number(0, 4)},
        std::chrono::month{static_cast<unsigned>(number(5, 2))},
        std::chrono::day{static_cast<unsigned>(number(8, 2))}};
    if (!day.ok()) return std::nullopt;
    const std::chrono::seconds seconds =
        std::chrono::sys_days{day}.time_since_epoch() + std::chrono::hours{number(11, 2)} +
        std::chrono::minutes{number(14, 2)} + std::chrono::seconds{number(17, 2)};
    std::int64_t micros = seconds.count() * k_micros_per_second;
    if (text[k_to_seconds] == '.') {
        std::int64_t unit = k_micros_per_second / 10;
        for (auto at = k_to_seconds + 1; at < text.size() && unit > 0; ++at, unit /= 10) {
            if (text[at] < '0' || text[at] > '9') break;
            micros += (text[at] - '0') * unit;
        }
    }
    return micros;
}

ReadingTemplate::ReadingTemplate(
    const std::string& topic_prefix, std::string device, std::uint8_t qos, std::uint8_t version
)
    : device_{std::move(device)}, qos_{qos} {
    std::string payload = R"({"device_id":")" + device_ + R"(","timestamp":")";
    const auto time_at = payload.size();
    payload += R"(2000-01-01T00:00:00.000000Z","seq":)";
    const auto sequence_at = payload.size();
    payload += R"(1000000000,"temperature":4)";
    const auto temperature_at = payload.size();
    payload += R"(0.00,)";
    std::array<std::size_t, 4> others_at{};
    std::size_t other = 0;
    for (const char* member :
         {R"("current":12.)", R"("vibration":0.8)", R"("spindle_speed":120)", R"("power_kw":7.)"}) {
        payload += member;
        others_at.at(other++) = payload.size();
        payload += "00,";
    }
    payload += R"("is_safe":true})";

    std::string head;
    append_text(head, topic_prefix + "/" + device_);
    const auto packet_id_at = head.size();
    if (qos_ > 0) head.append(2, '\0');
    if (version == k_version_5) head.push_back('\0');

    bytes_.push_back(static_cast<char>(0x30 | (qos_ << 1)));
    append_remaining_length(bytes_, head.size() + payload.size());
    packet_id_at_ = bytes_.size() + packet_id_at;
    bytes_ += head;
    payload_at_ = bytes_.size();
    bytes_ += payload;
    time_at_ = payload_at_ + time_at;
    sequence_at_ = payload_at_ + sequence_at;
    temperature_at_ = payload_at_ + temperature_at;
    for (std::size_t i = 0; i < others_at.size(); ++i) others_at_[i] = payload_at_ + others_at[i];
}

void ReadingTemplate::set_time(std::int64_t micros) {
    constexpr std::size_t k_fraction_at = 20;  // behind "2000-01-01T00:00:00."
    const auto second = micros / k_micros_per_second;
    if (second != second_shown_) {
        const std::time_t calendar = second;
        std::tm parts{};
        gmtime_r(&calendar, &parts);
        std::array<char, 32> text{};
        const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
        bytes_.replace(time_at_, length, text.data(), length);
        second_shown_ = second;
    }
    put_digits(
        bytes_,
        time_at_ + k_fraction_at,
        6,
        static_cast<std::uint64_t>(micros % k_micros_per_second)
    );
}

void ReadingTemplate::append(
    std::string& out,
    std::uint16_t packet_id,
    std::int64_t sequence,
    std::int64_t micros,
    bool duplicate
) {
    const auto number = static_cast<std::uint64_t>(sequence);
    set_time(micros);
    put_digits(bytes_, sequence_at_, 10, number);
    bytes_[temperature_at_] = static_cast<char>('0' + number / 100 % 10);
    put_digits(bytes_, temperature_at_ + 2, 2, number % 100);
    for (const std::size_t at : others_at_) put_digits(bytes_, at, 2, number % 100);
    if (qos_ > 0) {
        bytes_[packet_id_at_] = static_cast<char>(packet_id >> 8);
        bytes_[packet_id_at_ + 1] = static_cast<char>(packet_id & 0xff);
    }
    const auto start = out.size();
    out += bytes_;
    if (duplicate)
        out[start] = static_cast<char>(static_cast<unsigned char>(out[start]) | k_duplicate_flag);
}

}  // namespace modax::flood
