// `modax serve --profile test`: the development environment of the requirement. TLS by a
// development authority, MQTT on 8883, REST on HTTPS, a key and two users, and test-device-01
// simulated. Owned by the serve command; one thread.
#pragma once

#include "cli/command.hpp"
#include "core/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace modax::cli {

class TestProfile {
public:
    TestProfile() = default;
    TestProfile(const TestProfile&) = delete;
    TestProfile& operator=(const TestProfile&) = delete;
    // Ends the simulated machine.
    ~TestProfile();

    // Before the configuration is read: makes certificates where there are none yet, and puts the
    // profile's settings in front of the user's, which win.
    static Status prepare(ConfigOptions& options);
    // Before the gateway starts: makes key and users where there are none yet.
    static Status make_identity(const config::Config& config);
    // Once the gateway has started: starts the machine and prints what an integrator needs.
    Status begin(const config::Config& config);

private:
    pid_t machine_ = 0;
};

}  // namespace modax::cli
