// A row of the audit log as JSON, as REST, the export and the archive show it.
#pragma once

#include "core/audit.hpp"

#include <string>
#include <string_view>

namespace modax {

std::string_view name_of(AuditEntry::Result result);
// {"sequence":…,"time":…,"actor":…,"source":…,"via":…,"action":…,"object":…,"result":…,"count":…,
// "detail":…,"before_hash":…,"after_hash":…,"hash":…}; the hashes of the object only where there
// are any.
void append_audit_json(std::string& out, const AuditRow& row);

}  // namespace modax
