// The port by which people and systems ask the analysis and answer its alarms. Nothing of it
// reaches a machine.
#pragma once

#include "core/analysis.hpp"
#include "core/audit.hpp"

namespace modax {

// Thread-safe; waits for the analysis of a batch, and for the disk when something is changed, so
// never on an I/O thread.
class AnalysisDesk {
public:
    virtual ~AnalysisDesk() = default;
    // What there is to say now. Errors: not_found: no reading of the device was analysed yet.
    virtual Result<Analysis> current(const Device& device) const = 0;
    // Errors: not_found: there is no alarm, or it is acknowledged already; those of the audit log.
    virtual Status acknowledge(const Device& device, AuditEntry record) = 0;
    // The device was maintained: the watch on its levels and its wear start anew. Errors: as
    // current(); those of the audit log.
    virtual Status maintained(const Device& device, AuditEntry record) = 0;
};

}  // namespace modax
