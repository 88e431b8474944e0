// Aggregates of intervals (OPC 10000-13): Average, Minimum, Maximum and Count.
#include "opcua/device_nodes.hpp"
#include "opcua/history.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace modax::opcua {
namespace {

// Historian bits (Part 4, section 7.39.1): the value is calculated, and of a part of the interval
// only.
constexpr UA_StatusCode k_calculated = 0x0401;
constexpr UA_StatusCode k_partial = 0x0404;

enum class Aggregate : std::uint8_t { average, minimum, maximum, count };

std::optional<Aggregate> aggregate_of(const UA_NodeId& type) {
    if (type.namespaceIndex != 0 || type.identifierType != UA_NODEIDTYPE_NUMERIC) return {};
    switch (type.identifier.numeric) {
        case UA_NS0ID_AGGREGATEFUNCTION_AVERAGE:
            return Aggregate::average;
        case UA_NS0ID_AGGREGATEFUNCTION_MINIMUM:
            return Aggregate::minimum;
        case UA_NS0ID_AGGREGATEFUNCTION_MAXIMUM:
            return Aggregate::maximum;
        case UA_NS0ID_AGGREGATEFUNCTION_COUNT:
            return Aggregate::count;
        default:
            return std::nullopt;
    }
}

// As the rollups call it; nullopt: it is not a number.
std::optional<std::string> metric_of(std::string_view member) {
    constexpr std::string_view k_metrics = "Metrics.";
    if (member.starts_with(k_metrics)) return std::string{member.substr(k_metrics.size())};
    const auto quantity = DeviceNodes::quantity_of(member);
    if (!quantity) return std::nullopt;
    return std::string{k_quantity_names[static_cast<std::size_t>(*quantity)]};
}

// The intervals that are asked for, in their order (Part 11, section 6.4.4.2): from the start to
// the end, backwards when that is earlier.
struct Intervals {
    Timestamp start;
    Timestamp end;
    std::chrono::microseconds step{0};
    bool backwards = false;
    std::size_t count = 0;

    struct Interval {
        Timestamp from;
        Timestamp to;
        bool partial = false;
    };
    Interval at(std::size_t number) const {
        const auto offset = step * static_cast<std::int64_t>(number);
        if (backwards) {
            const Timestamp to = start - offset;
            return {std::max(end, to - step), to, to - step < end};
        }
        const Timestamp from = start + offset;
        return {from, std::min(end, from + step), from + step > end};
    }
};

std::optional<Intervals> intervals_of(const UA_ReadProcessedDetails& details) {
    if (details.startTime == 0 || details.endTime == 0) return std::nullopt;
    Intervals all;
    all.start = to_time(details.startTime);
    all.end = to_time(details.endTime);
    all.backwards = all.end < all.start;
    const auto span = all.backwards ? all.start - all.end : all.end - all.start;
    if (span.count() == 0 || !(details.processingInterval >= 0)) return std::nullopt;
    // 0: all of it is one interval.
    const double micros = details.processingInterval * 1000;
    const bool whole = micros == 0 || micros >= static_cast<double>(span.count());
    all.step = whole ? span : std::chrono::microseconds{static_cast<std::int64_t>(micros)};
    if (all.step.count() == 0) return std::nullopt;
    all.count =
        static_cast<std::size_t>((span + all.step - std::chrono::microseconds{1}) / all.step);
    return all;
}

// `summary` nullptr: there was no value in the interval.
void set(
    UA_DataValue& data,
    Aggregate aggregate,
    const Summary* summary,
    const Intervals::Interval& interval,
    bool backwards
) {
    data.sourceTimestamp = to_date_time(backwards ? interval.to : interval.from);
    data.hasSourceTimestamp = true;
    data.hasStatus = true;
    data.status = k_calculated | (interval.partial ? k_partial : 0);
    if (aggregate == Aggregate::count) {
        const auto count = static_cast<UA_Int32>(summary == nullptr ? 0 : summary->count);
        UA_Variant_setScalarCopy(&data.value, &count, &UA_TYPES[UA_TYPES_INT32]);
        data.hasValue = true;
        return;
    }
    if (summary == nullptr) {
        data.status = UA_STATUSCODE_BADNODATA;
        return;
    }
    const double value = aggregate == Aggregate::average   ? summary->mean()
                         : aggregate == Aggregate::minimum ? summary->min
                                                           : summary->max;
    UA_Variant_setScalarCopy(&data.value, &value, &UA_TYPES[UA_TYPES_DOUBLE]);
    data.hasValue = true;
}

}  // namespace

UA_StatusCode History::process(
    UA_Server& server,
    const void* session_context,
    const UA_ReadProcessedDetails& details,
    std::size_t number,
    const UA_HistoryReadValueId& wanted,
    std::size_t max_intervals,
    UA_HistoryReadResult& result,
    UA_HistoryData& data
) const {
    Source source;
    const auto found = source_of(server, session_context, wanted.nodeId, source);
    if (found != UA_STATUSCODE_GOOD) return found;
    if (number >= details.aggregateTypeSize) return UA_STATUSCODE_BADAGGREGATELISTMISMATCH;
    const auto aggregate = aggregate_of(details.aggregateType[number]);
    if (!aggregate) return UA_STATUSCODE_BADAGGREGATENOTSUPPORTED;
    const auto metric = metric_of(source.member);
    if (!metric) return UA_STATUSCODE_BADAGGREGATEINVALIDINPUTS;
    const auto all = intervals_of(details);
    if (!all) return UA_STATUSCODE_BADINVALIDARGUMENT;
    std::uint64_t first = 0;
    if (wanted.continuationPoint.length == sizeof first) {
        std::memcpy(&first, wanted.continuationPoint.data, sizeof first);
    } else if (wanted.continuationPoint.length != 0) {
        return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
    }
    if (first >= all->count) return UA_STATUSCODE_BADCONTINUATIONPOINTINVALID;
    const std::size_t size = std::min<std::size_t>(max_intervals, all->count - first);
    data.dataValues = static_cast<UA_DataValue*>(UA_Array_new(size, &UA_TYPES[UA_TYPES_DATAVALUE]));
    if (data.dataValues == nullptr) return UA_STATUSCODE_BADOUTOFMEMORY;
    data.dataValuesSize = size;
    for (std::size_t i = 0; i < size; ++i) {
        const auto interval = all->at(first + i);
        const RollupQuery query{
            source.device, interval.from, interval.to, std::chrono::microseconds{0}, {*metric}};
        std::optional<Summary> summary;
        const auto read = rollups_.rollups(query, [&](const Bucket& bucket) {
            if (const Summary* one = bucket.find(*metric)) summary = *one;
            return true;
        });
        if (!read) {
            log_.warn("opcua", "history can't be read", {{"reason", read.error().detail}});
            return UA_STATUSCODE_BADRESOURCEUNAVAILABLE;
        }
        set(data.dataValues[i], *aggregate, summary ? &*summary : nullptr, interval, all->backwards
        );
    }
    const std::uint64_t next = first + size;
    if (next < all->count) {
        UA_ByteString_allocBuffer(&result.continuationPoint, sizeof next);
        std::memcpy(result.continuationPoint.data, &next, sizeof next);
    }
    return UA_STATUSCODE_GOOD;
}

}  // namespace modax::opcua
