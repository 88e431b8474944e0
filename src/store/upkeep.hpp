// What has to be done to the plant store again and again: weeks made ahead, rollups that follow the
// readings, retention. Of all gateways on one database one does it, whoever holds the lock. A
// thread of its own; owned by app.
#pragma once

#include "core/clock.hpp"
#include "core/log.hpp"
#include "store/connection.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace modax::store {

struct UpkeepOptions {
    std::chrono::milliseconds interval = std::chrono::seconds{10};
    // 0: for ever. Readings, safety events and analyses go by whole weeks.
    std::chrono::milliseconds keep_readings{0};
    std::chrono::milliseconds keep_minutes{0};
    std::chrono::milliseconds keep_hours{0};
    std::chrono::milliseconds keep_days{0};
};

// The pieces, each to be done again until it says false, with one connection. Errors: those of
// Connection; unavailable also when a query of somebody stands in the way (55P03): try again.
Result<bool> make_partition(Connection& connection);
Result<bool> refresh_rollups(Connection& connection);
Result<bool> drop_old(Connection& connection, const UpkeepOptions& options, Timestamp now);

// Thread-safe.
class Upkeep {
public:
    // `clock` and `log` must outlive it. Waits for tables of this program's version.
    Upkeep(Target target, const UpkeepOptions& options, const Clock& clock, Log& log);
    ~Upkeep();

    // Whether it is this gateway that does the work.
    bool leads() const { return leads_.load(); }

private:
    void run(const std::stop_token& stop) noexcept;
    Status step(const std::stop_token& stop);
    // False: another gateway leads, or the tables are not there yet.
    Result<bool> take_lead(const std::stop_token& stop);
    Status work(const std::stop_token& stop);
    void failed(const Error& error);

    const Target target_;
    const UpkeepOptions options_;
    const Clock& clock_;
    Log& log_;
    std::optional<Connection> connection_;
    std::optional<SteadyTime> swept_;  // when retention was done last
    std::string last_failure_;
    std::atomic<bool> leads_{false};

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::store
