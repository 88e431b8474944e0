// MODAX.AI.Anomalies.{DEVICE}: what the analysis says about one device. Internal to opcua; the
// feed's thread only.
#pragma once

#include "core/analysis.hpp"
#include "opcua/variables.hpp"

#include <string>

namespace modax::opcua {

class AnomalyNodes {
public:
    explicit AnomalyNodes(const Device& device);

    // A Boolean with the properties Score and Type; BadWaitingForInitialData until there is an
    // analysis. Errors: io_error.
    Status add(UA_Server& server);
    void write(UA_Server& server, const Analysis& analysis) const;

private:
    const Device& device_;
    const std::string path_;
};

}  // namespace modax::opcua
