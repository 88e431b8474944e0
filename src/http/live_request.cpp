#include "http/live_request.hpp"

#include "core/principal.hpp"

#include <algorithm>

namespace modax::http {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    return result;
}

void append_list(std::string& out, std::vector<std::string> list, bool sorted) {
    if (sorted) std::sort(list.begin(), list.end());
    for (const std::string& entry : list) out += entry + ',';
    out += ';';
}

}  // namespace

std::string LiveFilter::identity() const {
    std::string result = readings ? "r" : "";
    result += safety ? "s;" : ";";
    std::vector<std::string> lower_devices;
    for (const std::string& id : devices) lower_devices.push_back(lower(id));
    append_list(result, std::move(lower_devices), true);
    append_list(result, allowed, true);
    append_list(result, metrics, false);  // they appear in this order
    append_list(result, notices, true);
    return result;
}

bool LiveFilter::wants(const Device& device) const {
    if (!devices.empty()) {
        const std::string id = lower(device.id());
        const bool listed = std::any_of(devices.begin(), devices.end(), [&](const auto& wanted) {
            return lower(wanted) == id;
        });
        if (!listed) return false;
    }
    if (allowed.empty()) return true;
    // The rule for patterns is the principal's.
    const Principal principal{"", "", {"*"}, allowed};
    return principal.may("readings:read", device.id());
}

}  // namespace modax::http
