// What the resources of orders, quality and equipment share. Internal to http.
#pragma once

#include "core/operations.hpp"
#include "http/call.hpp"

#include <functional>
#include <optional>

namespace modax::http {

// nullptr, and the answer is a problem, where the gateway has no operations.
Operations* operations_of(const Call& call, Response& response);

// Who asks, with the scope that decides about devices, and the Idempotency-Key of a POST. Holds
// copies. nullopt: the key is malformed, and the answer is a problem.
std::optional<BusinessOrigin> business_origin(
    const Call& call, std::string_view scope, Response& response
);

// A JSON that a worker reads from the store.
void set_read(Response& response, std::function<Result<std::string>()> read);

}  // namespace modax::http
