// The gateway: every part, built in order, once; destroyed in the reverse order. Owned by the
// `serve` command; start, run and destruction on one thread.
#pragma once

#include "config/config.hpp"
#include "core/result.hpp"

#include <memory>

namespace modax::app {

class Gateway {
public:
    // Opens the store and the ports, and writes DATA_DIR/endpoints.json when everything is ready.
    // Errors: already_exists (another process uses the data directory), io_error (a port is taken),
    // invalid_argument (a certificate, a secret), data_loss.
    // Blocks SIGINT, SIGTERM and SIGHUP in the whole process; run() waits for them.
    static Result<std::unique_ptr<Gateway>> start(const config::Config& config);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    // Stops the ports, stores what was taken, removes endpoints.json.
    ~Gateway();

    // Until SIGINT or SIGTERM; SIGHUP reads the certificates again.
    void run();

private:
    struct Parts;
    explicit Gateway(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace modax::app
