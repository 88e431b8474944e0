// Brings live values into the address space. Internal to opcua: one thread, which takes from the
// Hub, keeps the newest value of each node, and writes those between two short pauses.
#pragma once

#include "core/analysis_sink.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/log.hpp"
#include "live/hub.hpp"
#include "opcua/anomaly_nodes.hpp"
#include "opcua/device_nodes.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace modax::opcua {

class Feed {
public:
    struct Parts {
        UA_Server& server;
        live::Hub& hub;
        const DeviceRegistry& devices;
        const Clock& clock;
        Log& log;
    };
    // `upkeep` runs on the feed's thread once a second. The thread starts with start().
    Feed(Parts parts, Staleness staleness, std::function<void()> upkeep);
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    // Adds what is known already; then the thread. Errors: io_error.
    Status start();
    void stop();

    // Any thread; returns at once. Only the newest of each device is kept.
    void analysed(const Analysis& analysis);

    std::uint64_t written_values() const { return written_; }
    std::uint64_t dropped_events() const { return dropped_; }
    std::uint64_t nodes() const { return nodes_; }

private:
    struct Entry {
        explicit Entry(const Device& device) : nodes{device}, anomaly{device} {}
        DeviceNodes nodes;
        AnomalyNodes anomaly;
        bool touched = false;
    };

    void run(const std::stop_token& stop);
    void take_latest();
    void round();
    void age();
    Entry* entry(const Device& device);
    void take(const LiveEvent& event, SteadyTime now);

    const Parts parts_;
    const Staleness staleness_;
    const std::function<void()> upkeep_;
    std::map<std::uint32_t, std::unique_ptr<Entry>> entries_;  // by the device's number
    SteadyTime next_age_{};
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<std::uint64_t> nodes_{0};

    std::mutex mutex_;
    std::condition_variable_any wake_;
    bool woken_ = false;
    std::map<const Device*, Analysis> analyses_;
    std::unique_ptr<live::Subscription> subscription_;
    std::jthread thread_;
};

}  // namespace modax::opcua
