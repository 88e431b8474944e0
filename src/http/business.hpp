// What the resources of orders, quality and equipment share. Internal to http.
#pragma once

#include "core/operations.hpp"
#include "http/call.hpp"
#include "http/change.hpp"

#include <optional>

namespace modax::http {

// nullptr, and the answer is a problem, where the gateway has no operations.
Operations* operations_of(const Call& call, Response& response);

// Who asks, with the scope that decides about devices, and the Idempotency-Key of a POST. Holds
// copies. nullopt: the key is malformed, and the answer is a problem.
std::optional<BusinessOrigin> business_origin(
    const Call& call, std::string_view scope, Response& response
);

// Work on a worker, for a route of `scope`. What it refuses because of the key is told to the audit
// trail, as every refusal (PROMISES P9).
void set_business_answer(
    const Call& call, Response& response, int status, std::string_view scope, Change work
);

}  // namespace modax::http
