#include "opcua/history.hpp"

#include "opcua/device_nodes.hpp"
#include "opcua/production_nodes.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace modax::opcua {
namespace {

// About 5 ms of the server's thread for one call.
constexpr std::size_t k_max_readings = 1000;
constexpr std::size_t k_max_intervals = 100;                        // about the same time
constexpr Timestamp k_last = from_micros(253'402'300'799'000'000);  // 9999-12-31T23:59:59Z

// What of a reading a node shows.
std::optional<MetricValue> value_of(const Reading& reading, std::string_view member) {
    constexpr std::string_view k_metrics = "Metrics.";
    if (member.starts_with(k_metrics)) {
        member.remove_prefix(k_metrics.size());
        const auto& metrics = reading.metrics;
        const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) {
            return metric.name == member;
        });
        if (found == metrics.end()) return std::nullopt;
        return found->value;
    }
    if (member == "IsSafe") {
        if (!reading.is_safe) return std::nullopt;
        return MetricValue{*reading.is_safe};
    }
    const auto quantity = DeviceNodes::quantity_of(member);
    if (!quantity || !reading.has(*quantity)) return std::nullopt;
    return MetricValue{reading[*quantity]};
}

void set(UA_DataValue& data, const MetricValue& value, Timestamp time) {
    if (const auto* number = std::get_if<double>(&value)) {
        UA_Variant_setScalarCopy(&data.value, number, &UA_TYPES[UA_TYPES_DOUBLE]);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        UA_Variant_setScalarCopy(&data.value, flag, &UA_TYPES[UA_TYPES_BOOLEAN]);
    } else {
        const UA_String words = view(std::get<std::string>(value));
        UA_Variant_setScalarCopy(&data.value, &words, &UA_TYPES[UA_TYPES_STRING]);
    }
    data.hasValue = true;
    data.sourceTimestamp = to_date_time(time);
    data.hasSourceTimestamp = true;
}

struct Place {
    std::int64_t micros = 0;
    std::int64_t sequence = 0;
};

// The span and direction that are asked for; nullopt: the continuation point is none of ours.
std::optional<HistoryQuery> query_of(
    const UA_ReadRawModifiedDetails& details, const UA_ByteString& continuation
) {
    HistoryQuery query;
    const bool has_start = details.startTime != 0;
    const bool has_end = details.endTime != 0;
    const bool backwards = !has_start || (has_end && details.endTime < details.startTime);
    // In either direction the end is not part of it (Part 11, section 6.4.3.2).
    const auto beyond = std::chrono::microseconds{1};
    if (backwards) {
        query.newest_first = true;
        query.end = has_start ? to_time(details.startTime) + beyond : to_time(details.endTime);
        query.start = has_start && has_end ? to_time(details.endTime) + beyond : Timestamp{};
    } else {
        query.start = to_time(details.startTime);
        query.end = has_end ? to_time(details.endTime) : k_last;
    }
    if (continuation.length == sizeof(Place)) {
        Place place;
        std::memcpy(&place, continuation.data, sizeof place);
        query.after = HistoryQuery::After{from_micros(place.micros), place.sequence};
    } else if (continuation.length != 0) {
        return std::nullopt;
    }
    return query;
}

UA_StatusCode fill(
    UA_HistoryData& data, const std::vector<std::pair<Timestamp, MetricValue>>& values
) {
    data.dataValues =
        static_cast<UA_DataValue*>(UA_Array_new(values.size(), &UA_TYPES[UA_TYPES_DATAVALUE]));
    if (data.dataValues == nullptr) return UA_STATUSCODE_BADOUTOFMEMORY;
    data.dataValuesSize = values.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
        set(data.dataValues[i], values[i].second, values[i].first);
    }
    return UA_STATUSCODE_GOOD;
}

}  // namespace

struct History::Callbacks {
    // Each node has a result of its own. Nothing may be thrown through open62541's C code.
    template <class Read>
    static void each_node(
        const History& history, size_t count, UA_HistoryReadResponse& response, Read read
    ) {
        for (size_t i = 0; i < count; ++i) {
            auto& result = response.results[i];
            try {
                result.statusCode = read(i, result);
            } catch (const std::exception& error) {
                history.log_.error("opcua", "history failed", {{"reason", error.what()}});
                result.statusCode = UA_STATUSCODE_BADINTERNALERROR;
            }
        }
    }
    static void clear(UA_HistoryDatabase* /*database*/) {}
    static void read_raw(
        UA_Server* server,
        void* context,
        const UA_NodeId* /*session*/,
        void* session_context,
        const UA_RequestHeader* /*header*/,
        const UA_ReadRawModifiedDetails* details,
        UA_TimestampsToReturn /*timestamps*/,
        UA_Boolean release,
        size_t count,
        const UA_HistoryReadValueId* wanted,
        UA_HistoryReadResponse* response,
        UA_HistoryData* const* const data
    ) {
        if (release || count == 0) return;  // nothing is kept for a continuation point
        const auto& history = *static_cast<const History*>(context);
        const std::size_t each = std::max<std::size_t>(k_max_readings / count, 1);
        each_node(history, count, *response, [&](size_t i, UA_HistoryReadResult& result) {
            return history.read(
                *server, session_context, *details, wanted[i], each, result, *data[i]
            );
        });
    }
    static void read_processed(
        UA_Server* server,
        void* context,
        const UA_NodeId* /*session*/,
        void* session_context,
        const UA_RequestHeader* /*header*/,
        const UA_ReadProcessedDetails* details,
        UA_TimestampsToReturn /*timestamps*/,
        UA_Boolean release,
        size_t count,
        const UA_HistoryReadValueId* wanted,
        UA_HistoryReadResponse* response,
        UA_HistoryData* const* const data
    ) {
        if (release || count == 0) return;
        const auto& history = *static_cast<const History*>(context);
        const std::size_t each = std::max<std::size_t>(k_max_intervals / count, 1);
        each_node(history, count, *response, [&](size_t i, UA_HistoryReadResult& result) {
            return history.process(
                *server, session_context, *details, i, wanted[i], each, result, *data[i]
            );
        });
    }
};

void History::install(UA_ServerConfig& config) {
    config.historizingEnabled = true;
    config.accessHistoryDataCapability = true;
    config.maxReturnDataValues = k_max_readings;
    config.historyDatabase.context = this;
    config.historyDatabase.clear = Callbacks::clear;
    config.historyDatabase.readRaw = Callbacks::read_raw;
    config.historyDatabase.readProcessed = Callbacks::read_processed;
}

UA_StatusCode History::source_of(
    UA_Server& server, const void* session_context, const UA_NodeId& node, Source& source
) const {
    void* context = nullptr;
    const auto known = UA_Server_getNodeContext(&server, node, &context);
    if (known != UA_STATUSCODE_GOOD) return UA_STATUSCODE_BADNODEIDUNKNOWN;
    if (context == nullptr || context == &k_production_context ||
        node.identifierType != UA_NODEIDTYPE_STRING) {
        return UA_STATUSCODE_BADHISTORYOPERATIONUNSUPPORTED;
    }
    if (!access_.may_see(session_context, context)) return UA_STATUSCODE_BADUSERACCESSDENIED;
    source.device = static_cast<const Device*>(context);
    const std::string path = to_string(node.identifier.string);
    const std::string prefix = "MODAX.Devices." + DeviceNodes::name_of(*source.device) + '.';
    if (!path.starts_with(prefix)) return UA_STATUSCODE_BADHISTORYOPERATIONUNSUPPORTED;
    source.member = path.substr(prefix.size());
    return UA_STATUSCODE_GOOD;
}

UA_StatusCode History::read(
    UA_Server& server,
    const void* session_context,
    const UA_ReadRawModifiedDetails& details,
    const UA_HistoryReadValueId& wanted,
    std::size_t max_readings,
    UA_HistoryReadResult& result,
    UA_HistoryData& data
) const {
    Source source;
    const auto found = source_of(server, session_context, wanted.nodeId, source);
    if (found != UA_STATUSCODE_GOOD) return found;
    const std::string_view member = source.member;

    auto query = query_of(details, wanted.continuationPoint);
    if (!query) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
    query->device = source.device;
    query->limit = max_readings;
    const std::size_t max_values =
        details.numValuesPerNode == 0 ? max_readings : details.numValuesPerNode;

    std::vector<std::pair<Timestamp, MetricValue>> values;
    std::size_t seen = 0;
    Place place;
    const auto read = store_.history(*query, [&](const Reading& reading) {
        ++seen;
        place = {to_micros(reading.time), reading.sequence};
        if (auto value = value_of(reading, member)) {
            values.emplace_back(reading.time, std::move(*value));
        }
        return values.size() < max_values;
    });
    if (!read) {
        log_.warn("opcua", "history can't be read", {{"reason", read.error().detail}});
        return UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
    }
    // A whole page, or as many as were asked for: there may be more.
    if (seen == max_readings || values.size() == max_values) {
        UA_ByteString_allocBuffer(&result.continuationPoint, sizeof place);
        std::memcpy(result.continuationPoint.data, &place, sizeof place);
    }
    if (values.empty()) {
        const bool more = result.continuationPoint.length > 0;
        return more ? UA_STATUSCODE_GOOD : UA_STATUSCODE_GOODNODATA;
    }
    return fill(data, values);
}

}  // namespace modax::opcua
