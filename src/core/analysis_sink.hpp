// Where the analysis hands over what it found, as a port.
#pragma once

#include "core/analysis.hpp"

namespace modax {

class AnalysisSink {
public:
    virtual ~AnalysisSink() = default;
    // Called on the thread of the analysis, in order for each device: return soon, never throw.
    virtual void analysed(const Analysis& analysis) noexcept = 0;
};

}  // namespace modax
