#include "opcua/device_nodes.hpp"

#include <algorithm>
#include <array>

namespace modax::opcua {
namespace {

constexpr std::string_view k_type_path = "MODAX.Types.Device";

struct Member {
    std::string_view name;
    std::string_view description;
    int type;
    std::optional<Unit> unit{};
};

// The six quantities first, in the order of Quantity; then what is known about safety; Status last.
const std::array<Member, 12> k_members{{
    {"Temperature",
     "Temperature of the machine.",
     UA_TYPES_DOUBLE,
     Unit{"CEL", "°C", "degree Celsius"}},
    {"Current", "Motor current.", UA_TYPES_DOUBLE, Unit{"AMP", "A", "ampere"}},
    {"Vibration",
     "Magnitude of the vibration.",
     UA_TYPES_DOUBLE,
     Unit{"MSK", "m/s²", "metre per second squared"}},
    {"SpindleSpeed",
     "Speed of the spindle.",
     UA_TYPES_DOUBLE,
     Unit{"RPM", "r/min", "revolutions per minute"}},
    {"Power", "Electrical power.", UA_TYPES_DOUBLE, Unit{"KWT", "kW", "kilowatt"}},
    {"FeedRate", "Feed rate.", UA_TYPES_DOUBLE, Unit{"H81", "mm/min", "millimetre per minute"}},
    {"IsSafe", "Whether the machine says that it is safe.", UA_TYPES_BOOLEAN},
    {"EmergencyStop", "Whether the emergency stop is pressed.", UA_TYPES_BOOLEAN},
    {"DoorClosed", "Whether the door is closed.", UA_TYPES_BOOLEAN},
    {"OverloadDetected", "Whether an overload was detected.", UA_TYPES_BOOLEAN},
    {"TemperatureOk", "Whether the temperature is within its limits.", UA_TYPES_BOOLEAN},
    {"Status", "OK, ALARM (not safe), UNKNOWN (safety not known), LOST (silent).", UA_TYPES_STRING},
}};
constexpr std::size_t k_is_safe = k_quantity_count;
constexpr std::size_t k_emergency_stop = k_is_safe + 1;
constexpr std::size_t k_status = k_members.size() - 1;

VariableSpec spec_of(std::string_view parent, const Member& member) {
    return {
        std::string{parent} + '.' + std::string{member.name},
        member.name,
        member.description,
        &UA_TYPES[member.type],
        member.unit,
        false,
        false,
        false};
}

}  // namespace

DeviceNodes::DeviceNodes(const Device& device)
    : device_{device}, path_{"MODAX.Devices." + name_of(device)} {
    for (const Member& member : k_members) {
        Slot slot;
        slot.path = path_ + '.' + std::string{member.name};
        slots_.push_back(std::move(slot));
    }
    set_state("UNKNOWN");
}

std::string DeviceNodes::name_of(const Device& device) {
    std::string name = device.id();
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

std::optional<Quantity> DeviceNodes::quantity_of(std::string_view member) {
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        if (k_members[i].name == member) return static_cast<Quantity>(i);
    }
    return std::nullopt;
}

Status DeviceNodes::add_type(UA_Server& server) {
    Nodes nodes{server};
    auto added = nodes.object_type(k_type_path, "DeviceType", "A machine and its latest values.");
    for (const Member& member : k_members) {
        if (!added) break;
        auto spec = spec_of(k_type_path, member);
        spec.mandatory = true;
        added = nodes.variable(spec, node_id(k_type_path), nullptr);
    }
    return added;
}

Status DeviceNodes::add(UA_Server& server) {
    Nodes nodes{server};
    void* context = const_cast<Device*>(&device_);  // NOLINT: open62541 has no const contexts
    auto added = nodes.begin_object(
        path_,
        name_of(device_),
        "The machine " + device_.id(),
        node_id("MODAX.Devices"),
        node_id(k_type_path),
        context
    );
    for (std::size_t i = 0; i < k_members.size(); ++i) {
        if (!added) return added;
        auto spec = spec_of(path_, k_members[i]);
        spec.history = i <= k_is_safe;  // what readings hold
        added = nodes.variable(spec, node_id(path_), context);
    }
    if (!added) return added;
    if (added = nodes.finish(path_); !added) return added;
    // Its events are events of the server (Part 3, section 7.17).
    return check(
        UA_Server_addReference(
            &server,
            standard(UA_NS0ID_SERVER),
            standard(UA_NS0ID_HASNOTIFIER),
            UA_EXPANDEDNODEID_STRING(k_namespace, const_cast<char*>(path_.c_str())),  // NOLINT: C
            true
        ),
        path_
    );
}

void DeviceNodes::put(Slot& slot, MetricValue value, Timestamp time, SteadyTime arrived) {
    if (slot.has_value && time < slot.time) return;
    slot.value = std::move(value);
    slot.time = time;
    slot.arrived = arrived;
    slot.status = UA_STATUSCODE_GOOD;
    slot.has_value = true;
    slot.dirty = true;
}

void DeviceNodes::put_metric(const Metric& metric, Timestamp time, SteadyTime arrived) {
    auto found = metrics_.find(metric.name);
    if (found == metrics_.end()) {
        if (metrics_.size() >= k_max_metric_nodes) {
            ++left_out_metrics_;
            return;
        }
        Slot slot;
        slot.path = path_ + ".Metrics." + metric.name;
        slot.type = metric.value.index();
        slot.added = false;
        found = metrics_.emplace(metric.name, std::move(slot)).first;
    }
    Slot& slot = found->second;
    put(slot, metric.value, time, arrived);
    // The node keeps its data type; a client that stored it must not be given another.
    if (slot.value.index() != slot.type) slot.status = UA_STATUSCODE_BADTYPEMISMATCH;
}

void DeviceNodes::take(const Reading& reading, SteadyTime arrived) {
    last_arrival_ = std::max(last_arrival_, arrived);
    heard_ = true;
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        const double value = reading.quantities[i];
        if (!std::isnan(value)) put(slots_[i], value, reading.time, arrived);
    }
    if (reading.is_safe) put(slots_[k_is_safe], *reading.is_safe, reading.time, arrived);
    for (const Metric& metric : reading.metrics) put_metric(metric, reading.time, arrived);
}

void DeviceNodes::take(const SafetyStatus& status, SteadyTime arrived) {
    last_arrival_ = std::max(last_arrival_, arrived);
    heard_ = true;
    put(slots_[k_is_safe], status.is_safe(), status.time, arrived);
    const std::array<bool, 4> values{
        status.emergency_stop, status.door_closed, status.overload_detected, status.temperature_ok};
    for (std::size_t i = 0; i < values.size(); ++i) {
        put(slots_[k_emergency_stop + i], values[i], status.time, arrived);
    }
}

std::optional<bool> DeviceNodes::is_safe() const {
    const Slot& slot = slots_[k_is_safe];
    if (!slot.has_value) return std::nullopt;
    return std::get<bool>(slot.value);
}

std::string DeviceNodes::safety_message() const {
    if (is_safe().value_or(true)) return device_.id() + " is safe";
    // In the order of the members, with the value that is wrong.
    static constexpr std::array<std::pair<bool, std::string_view>, 4> k_causes{
        {{true, "the emergency stop is pressed"},
         {false, "the door is open"},
         {true, "an overload was detected"},
         {false, "the temperature is beyond its limits"}}};
    std::string causes;
    for (std::size_t i = 0; i < k_causes.size(); ++i) {
        const Slot& slot = slots_[k_emergency_stop + i];
        if (!slot.has_value || std::get<bool>(slot.value) != k_causes[i].first) continue;
        causes.append(causes.empty() ? ": " : ", ").append(k_causes[i].second);
    }
    return device_.id() + " is not safe" + causes;
}

template <class Action>
void DeviceNodes::each_value(Action action) {
    for (std::size_t i = 0; i < k_status; ++i) action(slots_[i]);
    for (auto& [name, slot] : metrics_) action(slot);
}

void DeviceNodes::set_status(Slot& slot, UA_StatusCode status) {
    if (slot.status == status) return;
    slot.status = status;
    slot.dirty = true;
}

void DeviceNodes::set_state(std::string_view state) {
    Slot& slot = slots_[k_status];
    if (slot.has_value && std::get<std::string>(slot.value) == state) return;
    slot.value = std::string{state};
    slot.has_value = true;
    slot.status = UA_STATUSCODE_GOOD;
    slot.dirty = true;
    slot.time = {};  // the gateway's own finding: of the time it is written
}

void DeviceNodes::age(SteadyTime now, const Staleness& staleness) {
    lost_ = !heard_ || now - last_arrival_ >= staleness.lost_after;
    each_value([&](Slot& slot) {
        if (!slot.has_value) {
            // What open62541 says of every variable without a value.
            return set_status(slot, UA_STATUSCODE_BADWAITINGFORINITIALDATA);
        }
        if (slot.status == UA_STATUSCODE_BADTYPEMISMATCH) return;
        if (lost_) return set_status(slot, UA_STATUSCODE_BADNOCOMMUNICATION);
        const bool stale = now - slot.arrived >= staleness.stale_after;
        set_status(
            slot,
            stale ? UA_StatusCode{UA_STATUSCODE_UNCERTAINLASTUSABLEVALUE}
                  : UA_StatusCode{UA_STATUSCODE_GOOD}
        );
    });
    const Slot& safe = slots_[k_is_safe];
    if (lost_) return set_state("LOST");
    if (!safe.has_value || safe.status != UA_STATUSCODE_GOOD) return set_state("UNKNOWN");
    set_state(std::get<bool>(safe.value) ? "OK" : "ALARM");
}

Status DeviceNodes::add_metric(UA_Server& server, const std::string& name, Slot& slot) {
    static constexpr std::array k_types{UA_TYPES_DOUBLE, UA_TYPES_BOOLEAN, UA_TYPES_STRING};
    Nodes nodes{server};
    void* context = const_cast<Device*>(&device_);  // NOLINT: open62541 has no const contexts
    const std::string folder = path_ + ".Metrics";
    if (!metrics_folder_) {
        if (auto added = nodes.folder(folder, "Metrics", node_id(path_)); !added) return added;
        UA_Server_setNodeContext(&server, node_id(folder), context);
        metrics_folder_ = true;
    }
    slot.added = true;  // also when it fails: not again for each value
    VariableSpec spec{
        slot.path, name, "A further metric of the machine.", &UA_TYPES[k_types[slot.type]]};
    spec.history = true;
    return nodes.variable(spec, node_id(folder), context);
}

std::size_t DeviceNodes::write(UA_Server& server, Timestamp now) {
    std::size_t written = 0;
    const auto write_slot = [&](Slot& slot) {
        if (!slot.dirty) return;
        slot.dirty = false;
        const Timestamp time = slot.time == Timestamp{} ? now : slot.time;
        write_value(server, slot.path, slot.has_value ? &slot.value : nullptr, time, slot.status);
        ++written;
    };
    for (Slot& slot : slots_) write_slot(slot);
    for (auto& [name, slot] : metrics_) {
        if (!slot.added && !add_metric(server, name, slot)) continue;
        write_slot(slot);
    }
    return written;
}

}  // namespace modax::opcua
