#include "security/access_profile.hpp"

#include <arpa/inet.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>

namespace modax::security {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t k_most_networks = 64;
// Who reads more devices than this reads all of them: a new one says nothing.
constexpr std::size_t k_most_devices = 1024;
constexpr std::uint32_t k_days_for_hours = 7;
constexpr days k_idle{30};
constexpr minutes k_travel{1};
constexpr minutes k_device_window{5};
constexpr std::uint32_t k_many_devices = 20;
constexpr days k_learning{1};
constexpr std::size_t k_days_for_volume = 3;
constexpr std::uint64_t k_volume_factor = 5;
// Below it a multiple of the usual is no export.
constexpr std::uint64_t k_least_volume = 10ULL * 1024 * 1024;

std::int64_t day_of(Timestamp time) {
    return std::chrono::floor<days>(time).time_since_epoch().count();
}

std::size_t hour_of(Timestamp time) {
    const auto since_midnight = time - std::chrono::floor<days>(time);
    return static_cast<std::size_t>(std::chrono::floor<hours>(since_midnight).count());
}

std::string two_digits(std::size_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string text_of_network(int family, const unsigned char* bytes, const char* suffix) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_ntop(family, bytes, text.data(), text.size()) == nullptr) return {};
    return std::string{text.data()} + suffix;
}

}  // namespace

std::string network_of(std::string_view address) {
    std::string text{address};
    if (text.rfind("::ffff:", 0) == 0) text.erase(0, 7);
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
        bytes[3] = 0;
        return text_of_network(AF_INET, bytes.data(), "/24");
    }
    if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return text_of_network(AF_INET6, bytes.data(), "/64");
}

std::vector<Finding> AccessProfile::use(
    Timestamp now, std::string_view address, std::string_view device
) {
    std::vector<Finding> found;
    const bool known = first_used_ != Timestamp{};
    if (!known) first_used_ = now;
    if (known && now - last_used_ >= k_idle) {
        const auto idle = std::chrono::floor<days>(now - last_used_).count();
        found.push_back({"idle", "the first use for " + std::to_string(idle) + " days"});
    }
    check_networks(now, network_of(address), found);
    check_hour(now, found);
    check_devices(now, device, found);
    last_used_ = std::max(last_used_, now);
    return found;
}

void AccessProfile::check_networks(
    Timestamp now, const std::string& network, std::vector<Finding>& found
) {
    if (network.empty()) return;
    if (!networks_.empty() && !networks_.contains(network)) {
        std::string before;
        for (const auto& [name, last] : networks_) {
            if (!before.empty()) before += ", ";
            before += name;
            if (before.size() > 100) break;
        }
        found.push_back({"new_network", "used from " + network + "; before from " + before});
    }
    if (!last_network_.empty() && last_network_ != network &&
        now - last_network_used_ <= k_travel) {
        found.push_back(
            {"two_networks", "used from " + last_network_ + " and " + network + " within a minute"}
        );
    }
    last_network_ = network;
    last_network_used_ = now;
    networks_[network] = now;
    if (networks_.size() <= k_most_networks) return;
    networks_.erase(std::min_element(
        networks_.begin(),
        networks_.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; }
    ));
}

void AccessProfile::check_hour(Timestamp now, std::vector<Finding>& found) {
    const auto day = day_of(now);
    const std::size_t hour = hour_of(now);
    if (day != day_) {
        day_ = day;
        hours_of_day_ = 0;
        ++days_;
    }
    const std::uint32_t bit = 1U << hour;
    if ((hours_of_day_ & bit) != 0) return;
    hours_of_day_ |= bit;
    // A neighbouring hour is as usual: shifts and jobs do not start on the second.
    const bool usual = days_in_hour_[hour] > 0 || days_in_hour_[(hour + 1) % 24] > 0 ||
                       days_in_hour_[(hour + 23) % 24] > 0;
    if (!usual && days_ > k_days_for_hours) {
        found.push_back(
            {"unusual_hour",
             "used between " + two_digits(hour) + ":00 and " + two_digits((hour + 1) % 24) +
                 ":00 UTC, in " + std::to_string(days_ - 1) + " days of use never before"}
        );
    }
    ++days_in_hour_[hour];
}

void AccessProfile::check_devices(
    Timestamp now, std::string_view device, std::vector<Finding>& found
) {
    if (device.empty() || devices_.size() >= k_most_devices || devices_.contains(device)) return;
    devices_.emplace(device);
    if (now - new_devices_since_ > k_device_window) {
        new_devices_since_ = now;
        new_devices_ = 0;
    }
    ++new_devices_;
    if (new_devices_ != k_many_devices || now - first_used_ < k_learning) return;
    found.push_back(
        {"many_devices",
         "asked for " + std::to_string(new_devices_) +
             " devices within 5 minutes that it never asked for before, the last is " +
             std::string{device}}
    );
}

std::vector<Finding> AccessProfile::serve(Timestamp now, std::uint64_t bytes) {
    const auto day = day_of(now);
    if (served_.empty() || served_.back().day < day) served_.push_back({day, 0});
    std::erase_if(served_, [&](const Day& each) { return each.day < day - 7; });
    const std::uint64_t before = served_.back().bytes;
    served_.back().bytes += bytes;
    std::uint64_t sum = 0;
    const std::size_t earlier = served_.size() - 1;
    if (earlier < k_days_for_volume) return {};
    for (std::size_t i = 0; i < earlier; ++i) sum += served_[i].bytes;
    const std::uint64_t limit = std::max(k_least_volume, k_volume_factor * sum / 7);
    if (served_.back().bytes <= limit || before > limit) return {};
    return {
        {"export_volume",
         std::to_string(served_.back().bytes / 1'000'000) + " MB today, " +
             std::to_string(sum / 7 / 1'000'000) + " MB a day in the seven days before"}};
}

std::string AccessProfile::text() const {
    nlohmann::json json{
        {"first_used", to_micros(first_used_)},
        {"last_used", to_micros(last_used_)},
        {"days_in_hour", days_in_hour_},
        {"days", days_},
        {"day", day_},
        {"hours_of_day", hours_of_day_},
        {"devices", devices_}};
    json["networks"] = nlohmann::json::object();
    for (const auto& [network, last] : networks_) json["networks"][network] = to_micros(last);
    json["served"] = nlohmann::json::array();
    for (const Day& each : served_) json["served"].push_back({each.day, each.bytes});
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<AccessProfile> AccessProfile::parse(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) return std::nullopt;
    try {
        AccessProfile profile;
        profile.first_used_ = from_micros(json.at("first_used").get<std::int64_t>());
        profile.last_used_ = from_micros(json.at("last_used").get<std::int64_t>());
        json.at("days_in_hour").get_to(profile.days_in_hour_);
        json.at("days").get_to(profile.days_);
        json.at("day").get_to(profile.day_);
        json.at("hours_of_day").get_to(profile.hours_of_day_);
        for (const auto& device : json.at("devices")) {
            profile.devices_.insert(device.get<std::string>());
        }
        for (const auto& [network, last] : json.at("networks").items()) {
            profile.networks_[network] = from_micros(last.get<std::int64_t>());
        }
        for (const auto& day : json.at("served")) {
            profile.served_.push_back(
                {day.at(0).get<std::int64_t>(), day.at(1).get<std::uint64_t>()}
            );
        }
        return profile;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

}  // namespace modax::security
