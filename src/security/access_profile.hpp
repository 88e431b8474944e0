// What is usual for one key or user, learned from its accesses, and what of a new access is not
// (PROMISES 3.4). Pure: the time comes with each call. Internal to security; not thread-safe.
#pragma once

#include "core/time.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

struct Finding {
    std::string_view rule;
    std::string evidence;
};

// The part of an address that stays when a machine gets a new one from the same router:
// "10.1.2.0/24", "fd00:1:2:3::/64". Empty when it is no address, such as "local".
std::string network_of(std::string_view address);

class AccessProfile {
public:
    // An access; `device` is empty when it is about none. Rules: new_network, two_networks,
    // unusual_hour, idle, many_devices.
    std::vector<Finding> use(Timestamp now, std::string_view address, std::string_view device);
    // Bytes that were served to it. Rule: export_volume.
    std::vector<Finding> serve(Timestamp now, std::uint64_t bytes);

    Timestamp last_used() const { return last_used_; }

    // As JSON, without what matters for minutes only.
    std::string text() const;
    // nullopt: nothing that text() made.
    static std::optional<AccessProfile> parse(std::string_view text);

private:
    struct Day {
        std::int64_t day = 0;  // since 1970, UTC
        std::uint64_t bytes = 0;
    };

    void check_networks(Timestamp now, const std::string& network, std::vector<Finding>& found);
    void check_hour(Timestamp now, std::vector<Finding>& found);
    void check_devices(Timestamp now, std::string_view device, std::vector<Finding>& found);

    Timestamp first_used_{};  // the epoch: never
    Timestamp last_used_{};
    std::map<std::string, Timestamp> networks_;  // and when each was used last
    std::array<std::uint32_t, 24> days_in_hour_{};
    std::uint32_t days_ = 0;
    std::int64_t day_ = -1;           // the last one
    std::uint32_t hours_of_day_ = 0;  // a bit for each hour of it
    std::set<std::string, std::less<>> devices_;
    std::vector<Day> served_;  // the last eight days with any, oldest first

    // Of the last minutes.
    std::string last_network_;
    Timestamp last_network_used_{};
    Timestamp new_devices_since_{};
    std::uint32_t new_devices_ = 0;
};

}  // namespace modax::security
