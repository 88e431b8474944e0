// Brings live values into the address space. Internal to opcua: one thread, which takes from the
// Hub, keeps the newest value of each node, and writes those between two short pauses.
#pragma once

#include "core/analysis_sink.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/health.hpp"
#include "core/log.hpp"
#include "live/hub.hpp"
#include "opcua/alarm_board.hpp"
#include "opcua/anomaly_nodes.hpp"
#include "opcua/device_nodes.hpp"
#include "opcua/production_nodes.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace modax::opcua {

class Feed {
public:
    struct Parts {
        UA_Server& server;
        live::Hub& hub;
        const DeviceRegistry& devices;
        const Clock& clock;
        Log& log;
        const Access& access;
        AuditTrail& trail;
        AnalysisDesk* desk;
        // Of which the first that is not ready is the gateway's alarm.
        std::vector<const HealthSource*> health;
        const OperationsStore* operations;  // nullptr: no orders
    };
    // `upkeep` runs on the feed's thread once a second. The thread starts with start().
    Feed(Parts parts, Staleness staleness, std::function<void()> upkeep);
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    // Adds what is known already; then the thread. Errors: io_error.
    Status start();
    void stop();

    // Any thread; returns at once. Of the values only the newest of each device is kept; what
    // changes an alarm is kept in order, the oldest dropped and counted beyond 1,000.
    void analysed(const Analysis& analysis);

    // Any thread; returns at once.
    void order_changed(std::string order_id);

    std::uint64_t written_values() const { return written_; }
    std::uint64_t dropped_events() const { return dropped_; }
    std::uint64_t nodes() const { return nodes_; }
    std::uint64_t alarm_events() const { return alarms_.events(); }
    std::uint64_t active_alarms() const { return alarms_.active(); }
    std::uint64_t dropped_alarms() const { return dropped_alarms_; }

private:
    struct Entry {
        explicit Entry(const Device& of) : device{of}, nodes{of}, anomaly{of} {}
        const Device& device;
        DeviceNodes nodes;
        AnomalyNodes anomaly;
        bool touched = false;
    };

    void run(const std::stop_token& stop);
    void take_latest();
    void round();
    void show_alarms();
    void show_alarms_of(const Device& device, const DeviceNodes& nodes);
    void look_at_gateway();
    void age();
    Entry* entry(const Device& device);
    void take(const LiveEvent& event, SteadyTime now);

    const Parts parts_;
    const Staleness staleness_;
    const std::function<void()> upkeep_;
    AlarmBoard alarms_;
    std::optional<ProductionNodes> production_;
    std::map<std::uint32_t, std::unique_ptr<Entry>> entries_;  // by the device's number
    SteadyTime next_age_{};
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<std::uint64_t> nodes_{0};
    std::atomic<std::uint64_t> dropped_alarms_{0};

    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool woken_ = false;
    std::map<const Device*, Analysis> analyses_;
    // What the analysis last said of the alarm of a device, and what it said when that changed.
    struct AlarmTurn {
        bool active = false;
        bool acknowledged = false;
        std::uint64_t event = 0;
        bool operator==(const AlarmTurn&) const = default;
    };
    std::map<const Device*, AlarmTurn> last_turn_;
    std::deque<Analysis> turns_;
    std::unique_ptr<live::Subscription> subscription_;
    std::jthread thread_;
};

}  // namespace modax::opcua
