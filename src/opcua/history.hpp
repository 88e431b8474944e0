// HistoryRead of raw values (OPC UA Part 11, section 6.4.3) straight from the store. Internal to
// opcua. Runs on the server's thread, which waits for the store meanwhile: so one call looks at a
// bounded number of readings and gives a continuation point for the rest. Continuation points hold
// the place in the store themselves; nothing is kept for them here.
#pragma once

#include "core/landing.hpp"
#include "core/log.hpp"
#include "opcua/access.hpp"

namespace modax::opcua {

class History {
public:
    // All must outlive the server.
    History(const ReadingReader& store, const Access& access, Log& log)
        : store_{store}, access_{access}, log_{log} {}

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

    const ReadingReader& store_;
    const Access& access_;
    Log& log_;
};

}  // namespace modax::opcua
