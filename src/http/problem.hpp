// Refusals as application/problem+json (RFC 9457), with a stable type for each kind.
#pragma once

#include "core/result.hpp"
#include "http/response.hpp"

#include <span>
#include <string>
#include <string_view>

namespace modax::http {

// One wrong input.
struct FieldError {
    std::string field;
    std::string detail;
};

// Turns `response` into a problem; `instance` is the path of the request. The type is
// urn:modax:problem:<word>, the word following from the status ("not-found", …) or `word`.
void set_problem(
    Response& response,
    int status,
    std::string_view detail,
    std::string_view instance,
    std::span<const FieldError> errors = {},
    std::string_view word = {}
);
// The one place where the gateway's errors become HTTP's.
void set_problem(Response& response, const Error& error, std::string_view instance);

}  // namespace modax::http
