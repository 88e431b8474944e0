// What stands in the way of a gateway with this configuration, on this machine, and what to do
// about it. For `modax doctor` and `modax support-bundle`; with a gateway running or not. One
// thread; reads files and tries ports, changes nothing.
#pragma once

#include "config/config.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::app {

struct Finding {
    enum class State : std::uint8_t {
        good,
        warning,  // works, but not for ever or not well
        problem,  // does not work
        unknown,  // could not be looked at; the text says why
    };
    std::string check;  // "clock", "disk", "ports", …
    State state = State::good;
    std::string text;
    std::string fix{};  // what to do; empty when there is nothing
};

std::string_view name_of(Finding::State state);

// The process of the gateway that runs on the data directory; nullopt: none does.
std::optional<int> running_gateway(const config::Config& config, const FileSystem& files);

// Every check, in the order in which a person would look. Never fails: what can't be looked at is
// a finding.
std::vector<Finding> diagnose(
    const config::Config& config, const FileSystem& files, const Clock& clock
);

}  // namespace modax::app
