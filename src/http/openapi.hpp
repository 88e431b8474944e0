// The interfaces as machine-readable documents: REST as OpenAPI 3.1.1, made from the table of
// routes (path, method, scope) and the descriptions in openapi/; MQTT and WebSocket as AsyncAPI
// 3.0.0. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace modax::http {

// `version`: of the gateway. Throws std::logic_error naming the route when one has no description
// or a description no route; a test calls it, so that this can't happen in a gateway.
std::string openapi_json(std::string_view version);
std::string asyncapi_json(std::string_view version);

}  // namespace modax::http
