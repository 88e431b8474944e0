// The nodes of one device and what they show. Internal to opcua; the feed's thread only.
#pragma once

#include "core/live_event.hpp"
#include "opcua/variables.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace modax::opcua {

struct Staleness {
    std::chrono::milliseconds stale_after{};
    std::chrono::milliseconds lost_after{};
};

// Names of further metrics that one device may use as nodes; more are not shown.
inline constexpr std::size_t k_max_metric_nodes = 1024;

class DeviceNodes {
public:
    // Nothing is added yet.
    explicit DeviceNodes(const Device& device);

    // "CNC-01": how the device is called here.
    static std::string name_of(const Device& device);
    // "Temperature" is Quantity::temperature; nullopt: no quantity has this name.
    static std::optional<Quantity> quantity_of(std::string_view member);
    // The type `MODAX.Types.Device`, once for a server.
    static Status add_type(UA_Server& server);
    // Adds the object and its variables. Errors: io_error.
    Status add(UA_Server& server);

    // Values that are older than what is shown are left out. `arrived` is on the steady clock.
    void take(const Reading& reading, SteadyTime arrived);
    void take(const SafetyStatus& status, SteadyTime arrived);
    // Gives old values the status they deserve. They keep the value, also under a bad status:
    // open62541 turns the status of a variable without one into BadWaitingForInitialData.
    void age(SteadyTime now, const Staleness& staleness);
    // Writes what has changed: the newest value of each node. Returns how many.
    std::size_t write(UA_Server& server, Timestamp now);

    // What the machine says of its safety, with what is wrong; nullopt: nothing (yet).
    std::optional<bool> is_safe() const;
    std::string safety_message() const;
    // Heard of before, and silent for longer than lost_after.
    bool is_silent() const { return heard_ && lost_; }

    std::size_t nodes() const { return slots_.size() + metrics_.size(); }
    std::uint64_t left_out_metrics() const { return left_out_metrics_; }

private:
    struct Slot {
        std::string path;
        MetricValue value{};
        Timestamp time{};
        SteadyTime arrived{};
        UA_StatusCode status = UA_STATUSCODE_BADWAITINGFORINITIALDATA;
        std::size_t type = 0;  // index of MetricValue, for a metric: that of its first value
        bool has_value = false;
        bool dirty = false;
        bool added = true;
    };

    void put(Slot& slot, MetricValue value, Timestamp time, SteadyTime arrived);
    void put_metric(const Metric& metric, Timestamp time, SteadyTime arrived);
    void set_status(Slot& slot, UA_StatusCode status);
    void set_state(std::string_view state);
    Status add_metric(UA_Server& server, const std::string& name, Slot& slot);
    template <class Action>
    void each_value(Action action);

    const Device& device_;
    const std::string path_;
    std::vector<Slot> slots_;  // in the order of the table in the .cpp; the last one is Status
    std::map<std::string, Slot, std::less<>> metrics_;
    std::uint64_t left_out_metrics_ = 0;
    SteadyTime last_arrival_{};
    bool heard_ = false;
    bool lost_ = false;
    bool metrics_folder_ = false;
};

}  // namespace modax::opcua
