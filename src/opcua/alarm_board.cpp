#include "opcua/alarm_board.hpp"

#include "opcua/alarm_event.hpp"
#include "opcua/device_nodes.hpp"

#include <utility>

namespace modax::opcua {
namespace {

constexpr const char* k_folder = "MODAX.Alarms";
constexpr std::array<std::string_view, 4> k_names{"Anomaly", "Safety", "Communication", "Gateway"};
constexpr std::array<std::string_view, 4> k_descriptions{
    "The analysis sees an anomaly; advisory.",
    "The machine says that it is not safe.",
    "Nothing comes from the machine any more.",
    "A part of the gateway is not ready."};
// More wait only when somebody calls without end.
constexpr std::size_t k_max_requests = 100;

std::string_view name_of(AlarmKind kind) {
    return k_names[static_cast<std::size_t>(kind)];
}

template <typename Value>
void write(UA_Server& server, const std::string& path, Value value, int type, Timestamp time) {
    write_scalar(server, path, &value, UA_TYPES[type], time);
}

}  // namespace

// What open62541 calls. Nothing may be thrown through its C code.
struct AlarmBoard::Callbacks {
    static UA_StatusCode acknowledge(
        UA_Server* /*server*/,
        const UA_NodeId* /*session*/,
        void* session_context,
        const UA_NodeId* /*method*/,
        void* method_context,
        const UA_NodeId* /*object*/,
        void* /*object_context*/,
        size_t /*inputs*/,
        const UA_Variant* /*input*/,
        size_t /*outputs*/,
        UA_Variant* /*output*/
    ) {
        auto& alarm = *static_cast<Alarm*>(method_context);
        try {
            return alarm.board->ask(alarm, session_context);
        } catch (const std::exception& error) {
            alarm.board->parts_.log.error(
                "opcua", "an alarm can't be acknowledged", {{"reason", error.what()}}
            );
            return UA_STATUSCODE_BADINTERNALERROR;
        }
    }
};

AlarmBoard::AlarmBoard(Parts parts) : parts_{parts} {}

AlarmBoard::~AlarmBoard() = default;

Status AlarmBoard::add_gateway() {
    Nodes nodes{parts_.server};
    auto added = nodes.folder(k_folder, "Alarms", node_id("MODAX"));
    if (added) added = add_alarm(nullptr, AlarmKind::gateway, k_folder);
    return added;
}

Status AlarmBoard::add(const Device& device) {
    Nodes nodes{parts_.server};
    const std::string name = DeviceNodes::name_of(device);
    const std::string folder = std::string{k_folder} + '.' + name;
    auto added = nodes.folder(folder, name, node_id(k_folder));
    if (added) {
        void* context = const_cast<Device*>(&device);  // NOLINT: open62541 has no const contexts
        UA_Server_setNodeContext(&parts_.server, node_id(folder), context);
    }
    for (const auto kind : {AlarmKind::anomaly, AlarmKind::safety, AlarmKind::communication}) {
        if (added) added = add_alarm(&device, kind, folder);
    }
    return added;
}

Status AlarmBoard::add_alarm(const Device* device, AlarmKind kind, const std::string& folder) {
    Alarm& alarm = alarms_[{device, kind}];
    alarm.path = folder + '.' + std::string{name_of(kind)};
    alarm.device = device;
    alarm.kind = kind;
    alarm.board = this;
    Nodes nodes{parts_.server};
    void* context = const_cast<Device*>(device);  // NOLINT: open62541 has no const contexts
    auto added = nodes.begin_object(
        alarm.path,
        name_of(kind),
        k_descriptions[static_cast<std::size_t>(kind)],
        node_id(folder),
        standard(UA_NS0ID_BASEOBJECTTYPE),
        context
    );
    const auto variable = [&](std::string_view name, std::string_view description, int type) {
        if (!added) return;
        added = nodes.variable(
            {alarm.path + '.' + std::string{name}, name, description, &UA_TYPES[type]},
            node_id(alarm.path),
            context
        );
    };
    variable("Active", "Whether it holds now.", UA_TYPES_BOOLEAN);
    variable("Acknowledged", "Whether somebody has seen it.", UA_TYPES_BOOLEAN);
    variable("Retain", "Whether it is of interest: active, or not acknowledged.", UA_TYPES_BOOLEAN);
    variable("Severity", "1 to 1000.", UA_TYPES_UINT16);
    variable("Message", "One sentence.", UA_TYPES_STRING);
    variable("Since", "When it last became active.", UA_TYPES_DATETIME);
    if (added) added = add_method(alarm);
    if (added) added = nodes.finish(alarm.path);
    if (added) mirror(alarm);
    return added;
}

Status AlarmBoard::add_method(Alarm& alarm) {
    UA_MethodAttributes attributes = UA_MethodAttributes_default;
    attributes.displayName = text("Acknowledge");
    attributes.description = text("Says that somebody has seen the alarm. Moves no machine.");
    attributes.executable = true;
    attributes.userExecutable = true;
    const std::string path = alarm.path + ".Acknowledge";
    return check(
        UA_Server_addMethodNode(
            &parts_.server,
            node_id(path),
            node_id(alarm.path),
            standard(UA_NS0ID_HASCOMPONENT),
            browse_name("Acknowledge"),
            attributes,
            Callbacks::acknowledge,
            0,
            nullptr,
            0,
            nullptr,
            &alarm,
            nullptr
        ),
        path
    );
}

void AlarmBoard::set(const Device* device, AlarmKind kind, AlarmState now) {
    const auto found = alarms_.find({device, kind});
    if (found == alarms_.end()) return;
    Alarm& alarm = found->second;
    const AlarmState& before = alarm.state;
    const bool raised = now.active && !before.active;
    if (kind != AlarmKind::anomaly) now.acknowledged = !raised && before.acknowledged;
    if (!now.active) {
        // It stays as it was, until it is acknowledged.
        now.since = before.since;
        now.severity = before.severity;
        if (kind == AlarmKind::anomaly) now.acknowledged = now.acknowledged || before.acknowledged;
    } else if (!raised) {
        now.since = before.since;
    }
    const bool news = now.active != before.active || now.acknowledged != before.acknowledged ||
                      now.severity > before.severity;
    if (!news) return;
    if (raised) ++active_;
    if (!now.active && before.active) --active_;
    {
        const std::lock_guard lock{mutex_};
        alarm.state = std::move(now);
    }
    mirror(alarm);
    send_event(alarm);
}

void AlarmBoard::mirror(const Alarm& alarm) {
    UA_Server& server = parts_.server;
    const AlarmState& state = alarm.state;
    const Timestamp time = parts_.clock.now();
    const UA_String message = view(state.message);
    write<bool>(server, alarm.path + ".Active", state.active, UA_TYPES_BOOLEAN, time);
    write<bool>(server, alarm.path + ".Acknowledged", state.acknowledged, UA_TYPES_BOOLEAN, time);
    write<bool>(
        server, alarm.path + ".Retain", state.active || !state.acknowledged, UA_TYPES_BOOLEAN, time
    );
    write<UA_UInt16>(server, alarm.path + ".Severity", state.severity, UA_TYPES_UINT16, time);
    write_scalar(server, alarm.path + ".Message", &message, UA_TYPES[UA_TYPES_STRING], time);
    if (state.since == Timestamp{}) return;  // never yet
    write<UA_DateTime>(
        server, alarm.path + ".Since", to_date_time(state.since), UA_TYPES_DATETIME, time
    );
}

void AlarmBoard::send_event(const Alarm& alarm) {
    AlarmEvent event;
    event.device = alarm.device;
    event.condition = name_of(alarm.kind);
    event.source_name = alarm.device == nullptr ? "MODAX gateway" : alarm.device->id();
    event.source_path =
        alarm.device == nullptr ? "" : "MODAX.Devices." + DeviceNodes::name_of(*alarm.device);
    event.message = alarm.state.message;
    event.severity = alarm.state.severity;
    event.active = alarm.state.active;
    event.acknowledged = alarm.state.acknowledged;
    event.time = parts_.clock.now();
    if (auto sent = send(parts_.server, event); !sent) {
        parts_.log.error("opcua", "an event can't be sent", {{"reason", sent.error().detail}});
        return;
    }
    ++events_;
}

UA_StatusCode AlarmBoard::ask(Alarm& alarm, const void* session_context) {
    const auto* session = static_cast<const SessionContext*>(session_context);
    if (!parts_.access.may_acknowledge(session_context, alarm.device)) {
        AuditEntry entry;
        entry.time = parts_.clock.now();
        entry.actor = session == nullptr ? "anonymous" : session->session.user;
        entry.via = "opcua";
        entry.action = "alarm.acknowledge";
        entry.object = "alarm:" + alarm.path;
        entry.result = AuditEntry::Result::refused;
        parts_.trail.refusal(std::move(entry));
        return UA_STATUSCODE_BADUSERACCESSDENIED;
    }
    const std::lock_guard lock{mutex_};
    // Part 9, section 5.7.3: nothing is there to acknowledge.
    if (alarm.state.acknowledged) return UA_STATUSCODE_BADCONDITIONBRANCHALREADYACKED;
    if (requests_.size() >= k_max_requests) return UA_STATUSCODE_BADTOOMANYOPERATIONS;
    requests_.push_back({&alarm, session->session.user, session->session.application_uri});
    return UA_STATUSCODE_GOOD;
}

void AlarmBoard::acknowledge_asked() {
    std::deque<Request> requests;
    {
        const std::lock_guard lock{mutex_};
        requests.swap(requests_);
    }
    for (const Request& request : requests) acknowledge(request);
}

void AlarmBoard::acknowledge(const Request& request) {
    Alarm& alarm = *request.alarm;
    if (alarm.state.acknowledged) return;  // asked for twice
    AuditEntry entry;
    entry.time = parts_.clock.now();
    entry.actor = request.actor;
    entry.source = request.source;
    entry.via = "opcua";
    entry.action = "alarm.acknowledge";
    entry.object = "alarm:" + alarm.path;
    entry.detail = alarm.state.message;
    const bool by_desk = alarm.kind == AlarmKind::anomaly && parts_.desk != nullptr;
    if (by_desk) {
        entry.action = "analysis.acknowledge";
        entry.object = "device:" + alarm.device->id();
        const auto done = parts_.desk->acknowledge(*alarm.device, entry);
        // not_found: it is over, or acknowledged over REST; nothing is left to do there.
        if (!done && done.error().code != Errc::not_found) {
            parts_.log.error(
                "opcua", "an alarm can't be acknowledged", {{"reason", done.error().detail}}
            );
            return;
        }
    } else {
        parts_.trail.access(std::move(entry));
    }
    {
        const std::lock_guard lock{mutex_};
        alarm.state.acknowledged = true;
    }
    mirror(alarm);
    send_event(alarm);
}

}  // namespace modax::opcua
