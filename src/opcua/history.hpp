// HistoryRead of raw values (OPC UA Part 11, section 6.4.3) and of aggregates (section 6.4.4; Part
// 13: Average, Minimum, Maximum, Count) straight from the store. Internal to opcua. Runs on the
// server's thread, which waits for the store meanwhile: so one call looks at a bounded number of
// readings and gives a continuation point for the rest. Continuation points hold the place in the
// store themselves; nothing is kept for them here.
#pragma once

#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/rollup.hpp"
#include "opcua/access.hpp"

namespace modax::opcua {

class History {
public:
    // All must outlive the server.
    History(const ReadingReader& store, const RollupReader& rollups, const Access& access, Log& log)
        : store_{store}, rollups_{rollups}, access_{access}, log_{log} {}

    void install(UA_ServerConfig& config);

private:
    struct Callbacks;

    UA_StatusCode read(
        UA_Server& server,
        const void* session_context,
        const UA_ReadRawModifiedDetails& details,
        const UA_HistoryReadValueId& wanted,
        std::size_t max_readings,
        UA_HistoryReadResult& result,
        UA_HistoryData& data
    ) const;

    // The device and the member ("Temperature", "Metrics.x") of a node that a session may see.
    struct Source {
        const Device* device = nullptr;
        std::string member;
    };
    UA_StatusCode source_of(
        UA_Server& server, const void* session_context, const UA_NodeId& node, Source& source
    ) const;
    // processed_history.cpp
    UA_StatusCode process(
        UA_Server& server,
        const void* session_context,
        const UA_ReadProcessedDetails& details,
        std::size_t number,
        const UA_HistoryReadValueId& wanted,
        std::size_t max_intervals,
        UA_HistoryReadResult& result,
        UA_HistoryData& data
    ) const;

    const ReadingReader& store_;
    const RollupReader& rollups_;
    const Access& access_;
    Log& log_;
};

}  // namespace modax::opcua
