#include "http/openapi.hpp"

#include "http/call.hpp"
#include "http/openapi_sources.hpp"
#include "http/response.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace modax::http {
namespace {

// Members stay in the order in which a reader wants them.
using Json = nlohmann::ordered_json;

constexpr std::string_view k_description =
    "What machines told, what became of it, and what is told to other systems.\n\n"
    "Send an API key in `X-API-Key`; each operation names the scope it needs. A key for certain "
    "devices sees only those. Refusals are `application/problem+json` (RFC 9457) with a stable "
    "`type`; `errors` names each wrong field. `RateLimit` and `RateLimit-Policy` tell what is "
    "left; "
    "after 429 and 503 wait for `Retry-After`. Lists are paged by `next_cursor`. Times are UTC. "
    "GET also answers HEAD.";

// What any operation may answer besides its own.
constexpr std::array<std::pair<int, std::string_view>, 11> k_problems{
    {{400, "The request is malformed."},
     {401, "A valid API key is needed."},
     {403, "The key lacks the scope, or is for other devices."},
     {404, "There is no such thing."},
     {409, "It is there already, or its state does not allow this."},
     {413, "The body is too large."},
     {414, "The request target is too long."},
     {416, "The interval has no such bytes."},
     {422, "The input is not valid; `errors` names each field."},
     {429, "Too many requests; wait for `Retry-After`."},
     {503, "Try again after `Retry-After`."}}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 11> k_tags{
    {{"Analysis", "Anomalies and wear; advisory only."},
     {"Deliveries", "The outbox to ERP, MES and other systems, and its connectors."},
     {"Devices", "Machines, their latest values, history and figures."},
     {"Equipment", "States and downtimes of machines."},
     {"Exports", "Readings as files, streamed and resumable."},
     {"Gateway", "The gateway's own state."},
     {"Keys and users", "Who may do what, and who did what."},
     {"Live", "Values as they come."},
     {"OPC UA", "Certificates and sessions of the OPC UA server."},
     {"Production", "Production orders and their reports."},
     {"Quality", "Inspection lots and process capability."}}};

Json reference(std::string_view kind, std::string_view name) {
    return {{"$ref", "#/components/" + std::string{kind} + "/" + std::string{name}}};
}

std::string problem_name(int status) {
    return "Problem" + std::to_string(status);
}

std::string method_name(const Route& route) {
    std::string name;
    for (const char letter : to_string(route.method)) {
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    return name;
}

// "GET /api/v1/devices/{id}/data": "get_devices_by_id_data".
std::string operation_id(const Route& route) {
    std::string id = method_name(route);
    std::string path{route.pattern};
    if (path.starts_with("/api/v1/")) path.erase(0, 7);
    for (const char letter : path) {
        if (letter == '{') {
            id += "by_";
        } else if (letter != '}') {
            id += letter == '/' || letter == '-' || letter == '.' ? '_' : letter;
        }
    }
    return id;
}

Json security_of(const Route& route) {
    switch (route.access) {
        case Access::open:
            return Json::array();
        case Access::key_or_loopback:
            return Json::array({Json{{"ApiKey", Json::array()}}, Json::object()});
        case Access::key:
        case Access::key_or_ticket:
            break;
    }
    return Json::array({Json{{"ApiKey", Json::array()}}});
}

Json answer_of(const Json& description, int status) {
    if (description.is_string()) {
        const Json schema = reference("schemas", description.get<std::string>());
        return {
            {"description", std::string{reason_phrase(status)}},
            {"content", {{Response::k_json, {{"schema", schema}}}}}};
    }
    if (description.value("problem", false)) return reference("responses", problem_name(status));
    Json answer{{"description", description.at("description")}};
    if (description.contains("content")) {
        answer["content"][description["content"].get<std::string>()] = Json::object();
    }
    return answer;
}

std::set<int> problems_of(const Route& route, const Json& description) {
    std::set<int> problems;
    if (route.access != Access::open) problems.insert({401, 403, 429, 503});
    if (route.devices == DeviceRule::of_path) problems.insert(404);
    if (description.contains("query")) problems.insert({400, 414, 422});
    if (description.contains("path")) problems.insert({400, 414, 422});
    if (description.contains("body")) problems.insert({400, 413, 422});
    for (const Json& status : description.value("problems", Json::array())) {
        problems.insert(status.get<int>());
    }
    return problems;
}

Json operation_of(const Route& route, const Json& description) {
    Json operation{
        {"operationId", operation_id(route)},
        {"tags", Json::array({description.at("tag")})},
        {"summary", description.at("summary")}};
    std::string text = description.value("description", "");
    if (!route.scope.empty()) {
        if (!text.empty()) text += "\n\n";
        text += "Scope: `" + std::string{route.scope} + "`.";
        if (route.devices == DeviceRule::all_devices) text += " Only for keys without devices.";
    }
    operation["description"] = text.empty() ? description.at("summary").get<std::string>() : text;
    operation["security"] = security_of(route);
    if (!route.scope.empty()) operation["x-scope"] = std::string{route.scope};
    Json parameters = Json::array();
    if (description.contains("path")) {
        parameters.push_back(reference("parameters", description["path"].get<std::string>()));
    }
    for (const Json& name : description.value("query", Json::array())) {
        parameters.push_back(reference("parameters", name.get<std::string>()));
    }
    if (description.value("idempotent", false)) {
        parameters.push_back(reference("parameters", "idempotency_key"));
    }
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (description.contains("body")) {
        const Json schema = reference("schemas", description["body"].get<std::string>());
        operation["requestBody"] = {
            {"required", !description.value("body_optional", false)},
            {"content", {{Response::k_json, {{"schema", schema}}}}}};
    }
    Json& answers = operation["responses"];
    for (const auto& [status, answer] : description.at("answers").items()) {
        answers[status] = answer_of(answer, std::stoi(status));
    }
    for (const int status : problems_of(route, description)) {
        const auto name = std::to_string(status);
        if (!answers.contains(name)) {
            answers[name] = reference("responses", problem_name(status));
        }
    }
    return operation;
}

Json components() {
    Json components{
        {"schemas", Json::parse(k_openapi_schemas)},
        {"parameters", Json::parse(k_openapi_parameters)}};
    const Json schema = reference("schemas", "Problem");
    for (const auto& [status, text] : k_problems) {
        components["responses"][problem_name(status)] = {
            {"description", std::string{text}},
            {"content", {{Response::k_problem_json, {{"schema", schema}}}}}};
    }
    components["securitySchemes"] = {
        {"ApiKey",
         {{"type", "apiKey"},
          {"in", "header"},
          {"name", "X-API-Key"},
          {"description", "`x-scope` of an operation is the scope the key needs."}}}};
    return components;
}

// Those that are used, by name.
Json tags_of(const Json& paths) {
    std::set<std::string> names;
    for (const auto& [path, item] : paths.items()) {
        for (const auto& [method, operation] : item.items()) names.insert(operation["tags"][0]);
    }
    Json tags = Json::array();
    for (const std::string& name : names) {
        const auto known = std::find_if(k_tags.begin(), k_tags.end(), [&](const auto& tag) {
            return tag.first == name;
        });
        if (known == k_tags.end()) throw std::logic_error{"there is no tag " + name};
        tags.push_back({{"name", name}, {"description", std::string{known->second}}});
    }
    return tags;
}

}  // namespace

std::string openapi_json(std::string_view version) {
    Json descriptions = Json::parse(k_openapi_operations);
    Json paths = Json::object();
    for (const Route& route : routes()) {
        const std::string name =
            std::string{to_string(route.method)}.append(" ").append(route.pattern);
        const auto found = descriptions.find(name);
        if (found == descriptions.end()) {
            throw std::logic_error{"openapi/operations.json does not describe " + name};
        }
        if (!found->is_null()) {
            paths[std::string{route.pattern}][method_name(route)] = operation_of(route, *found);
        }
        descriptions.erase(found);
    }
    if (!descriptions.empty()) {
        throw std::logic_error{"no route is served for " + descriptions.begin().key()};
    }
    Json tags = tags_of(paths);
    return Json{
        {"openapi", "3.1.1"},
        {"info",
         {{"title", "MODAX gateway"},
          {"version", std::string{version}},
          {"description", std::string{k_description}},
          {"contact",
           {{"name", "MODAX"},
            {"url", "https://modax.invalid"},
            {"email", "maintainers@modax.invalid"}}},
          {"license",
           {{"name", "Apache 2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}}}},
        {"servers", Json::array({{{"url", "/"}, {"description", "This gateway"}}})},
        {"tags", std::move(tags)},
        {"paths", std::move(paths)},
        {"components", components()}}
        .dump();
}

std::string asyncapi_json(std::string_view version) {
    Json document = Json::parse(k_asyncapi);
    document["info"]["version"] = std::string{version};
    // One description of a reading for both documents.
    const Json schemas = Json::parse(k_openapi_schemas);
    for (const auto name :
         {"DeviceId",
          "Time",
          "TimeOrNull",
          "Number",
          "Text",
          "Reading",
          "Safety",
          "AnomalyType",
          "Analysis",
          "Order",
          "OrderState",
          "ProductionReport",
          "Inspection",
          "EquipmentStatus"}) {
        document["components"]["schemas"][name] = schemas.at(name);
    }
    return document.dump();
}

}  // namespace modax::http
