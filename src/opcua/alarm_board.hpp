// The gateway's alarms as OPC UA clients see them: each is an object with variables that mirror it
// (for clients without Alarms & Conditions) and sends an event at each change. Latched: an alarm
// stays listed until it is over and acknowledged. Internal to opcua.
// Source: OPC 10000-9 (fields of AlarmConditionType; the library has no condition objects), section
// 5.7.2 for acknowledging; IEC 62682 for latching.
#pragma once

#include "core/analysis_desk.hpp"
#include "core/audit.hpp"
#include "core/clock.hpp"
#include "core/log.hpp"
#include "opcua/access.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace modax::opcua {

// What can be wrong. The order is that of the names in the .cpp.
enum class AlarmKind : std::uint8_t {
    anomaly,        // the analysis has an alarm
    safety,         // the machine says that it is not safe
    communication,  // nothing comes from the device any more
    gateway,        // a part of the gateway is not ready; of no device
};

struct AlarmState {
    bool active = false;
    bool acknowledged = true;
    std::uint16_t severity = 1;  // 1 to 1000, Part 5, section 6.4.2
    std::string message;
    Timestamp since{};
    bool operator==(const AlarmState&) const = default;
};

// Everything but the method's callback: the feed's thread.
class AlarmBoard {
public:
    struct Parts {
        UA_Server& server;
        const Access& access;
        AnalysisDesk* desk;  // nullptr: the analysis is off
        AuditTrail& trail;
        const Clock& clock;
        Log& log;
    };
    explicit AlarmBoard(Parts parts);
    AlarmBoard(const AlarmBoard&) = delete;
    AlarmBoard& operator=(const AlarmBoard&) = delete;
    ~AlarmBoard();

    // The folder and the gateway's own alarm. Errors: io_error.
    Status add_gateway();
    // The alarms of a device. Errors: io_error.
    Status add(const Device& device);

    // What holds now; an event when that is something new. `device` nullptr: the gateway's. An
    // alarm that comes back is one to acknowledge again. `acknowledged` of the state counts for
    // anomalies, which are acknowledged elsewhere too.
    void set(const Device* device, AlarmKind kind, AlarmState now);
    // Does what clients asked for: waits for the analysis and the disk.
    void acknowledge_asked();

    std::uint64_t events() const { return events_; }
    std::uint64_t active() const { return active_; }

private:
    struct Callbacks;
    struct Alarm {
        std::string path;
        const Device* device = nullptr;
        AlarmKind kind = AlarmKind::gateway;
        AlarmState state;
        AlarmBoard* board = nullptr;
    };
    struct Request {
        Alarm* alarm = nullptr;
        std::string actor;
        std::string source;
    };
    using Key = std::pair<const Device*, AlarmKind>;

    Status add_alarm(const Device* device, AlarmKind kind, const std::string& folder);
    Status add_method(Alarm& alarm);
    void mirror(const Alarm& alarm);
    void send_event(const Alarm& alarm);
    void acknowledge(const Request& request);
    // On the server's thread.
    UA_StatusCode ask(Alarm& alarm, const void* session_context);

    const Parts parts_;
    std::map<Key, Alarm> alarms_;  // a node's address never changes
    std::atomic<std::uint64_t> events_{0};
    std::atomic<std::uint64_t> active_{0};
    std::mutex mutex_;  // guards requests_, and what of a state ask() reads
    std::deque<Request> requests_;
};

}  // namespace modax::opcua
