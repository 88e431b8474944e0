// A change that a worker makes, because it waits for the store: one step, then its answer.
// Internal to http.
#pragma once

#include "http/call.hpp"

#include <functional>

namespace modax::http {

// The answer's body. Runs once, on a worker thread, so it must hold copies of what it needs.
using Change = std::function<Result<std::string>()>;

void set_change(Response& response, int status, Change change);
// Who asks, for the audit log.
AuditEntry origin_of(const Call& call);
// The {id} of the path, decoded; empty when it is malformed.
std::string id_of(const Call& call);

}  // namespace modax::http
