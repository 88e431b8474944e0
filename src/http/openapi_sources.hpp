// The files of openapi/, compiled into the program. Internal to http.
#pragma once

#include <string_view>

namespace modax::http {

// "METHOD path" -> summary, description, tag, parameters by name, body, answers; null: left out of
// the document on purpose.
extern const std::string_view k_openapi_operations;
extern const std::string_view k_openapi_parameters;
extern const std::string_view k_openapi_schemas;
extern const std::string_view k_asyncapi;

}  // namespace modax::http
