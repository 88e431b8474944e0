// Tells systemd that the gateway is ready, alive and about to stop, when systemd started it. Main
// thread only.
// Source: sd_notify(3) of systemd, whose protocol is documented as stable: one datagram of
// NAME=value lines to the socket that $NOTIFY_SOCKET names; sd_watchdog_enabled(3) for the timing.
#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace modax::app {

class ServiceManager {
public:
    using Lookup = std::function<std::optional<std::string>(const std::string& name)>;

    // Without $NOTIFY_SOCKET everything else does nothing.
    ServiceManager(const Lookup& environment, const Clock& clock);

    // Errors: io_error: the socket is there but can't be written to.
    Status ready(std::string_view status);
    Status stopping();
    // At most every third of $WATCHDOG_USEC; call it at least as often.
    Status alive();

    // How long systemd waits for a sign of life; nullopt: for ever.
    std::optional<std::chrono::microseconds> patience() const { return patience_; }

private:
    Status send(std::string_view message) const;

    const Clock& clock_;
    std::string socket_;
    std::optional<std::chrono::microseconds> patience_;
    SteadyTime next_sign_;
};

}  // namespace modax::app
