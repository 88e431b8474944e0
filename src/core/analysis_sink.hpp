// The port through which whoever serves analyses (MQTT, WebSocket, OPC UA) is told of each new one.
#pragma once

#include "core/analysis.hpp"

namespace modax {

class AnalysisSink {
public:
    virtual ~AnalysisSink() = default;
    // Called on the analysis thread, or on that of whoever acknowledged an alarm: return at once.
    virtual void analysed(const Analysis& analysis) noexcept = 0;
};

}  // namespace modax
