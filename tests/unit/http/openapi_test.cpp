// The machine-readable documents: every route is in them, and they hold together.
#include "http/openapi.hpp"

#include "http/call.hpp"
#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace modax::http {
namespace {

using nlohmann::json;

// Every "$ref" of a document.
void collect_references(const json& node, std::set<std::string>& references) {
    if (node.is_object() && node.contains("$ref")) references.insert(node["$ref"]);
    if (!node.is_structured()) return;
    for (const json& child : node) collect_references(child, references);
}

void expect_references_to_exist(const json& document) {
    std::set<std::string> references;
    collect_references(document, references);
    EXPECT_FALSE(references.empty());
    for (const std::string& reference : references) {
        ASSERT_TRUE(reference.starts_with("#/")) << reference;
        EXPECT_TRUE(document.contains(json::json_pointer{reference.substr(1)})) << reference;
    }
}

TEST(OpenApi, describes_every_route_with_its_scope) {
    const json document = json::parse(openapi_json("1.2.3"));
    EXPECT_EQ(document["openapi"], "3.1.1");
    EXPECT_EQ(document["info"]["version"], "1.2.3");
    std::size_t described = 0;
    for (const Route& route : routes()) {
        if (route.pattern == "/" || route.pattern == "/api/v1/" || route.pattern.starts_with("/ws"))
            continue;
        SCOPED_TRACE(route.pattern);
        std::string method{to_string(route.method)};
        for (char& letter : method) letter = static_cast<char>(std::tolower(letter));
        const json& operation = document["paths"][std::string{route.pattern}][method];
        ASSERT_TRUE(operation.is_object());
        ++described;
        if (route.access == Access::open) {
            EXPECT_TRUE(operation["security"].empty());
        } else {
            EXPECT_EQ(operation["x-scope"], route.scope);
            EXPECT_TRUE(operation["responses"].contains("401"));
            EXPECT_TRUE(operation["responses"].contains("403"));
        }
        const bool has_id = route.pattern.find("{id}") != std::string_view::npos;
        EXPECT_EQ(
            operation.value("parameters", json::array()).dump().find("/parameters/") !=
                    std::string::npos ||
                !has_id,
            true
        );
    }
    EXPECT_GT(described, 50U);
}

TEST(OpenApi, every_reference_leads_somewhere) {
    expect_references_to_exist(json::parse(openapi_json("1.2.3")));
    expect_references_to_exist(json::parse(asyncapi_json("1.2.3")));
}

TEST(OpenApi, operation_ids_are_unique) {
    const json document = json::parse(openapi_json("1.2.3"));
    std::set<std::string> ids;
    for (const json& path : document["paths"]) {
        for (const json& operation : path) {
            EXPECT_TRUE(ids.insert(operation["operationId"]).second) << operation["operationId"];
        }
    }
}

class OpenApiRoutes : public ServerTest {};

TEST_F(OpenApiRoutes, both_documents_are_served_to_anyone_with_an_etag) {
    start();
    for (const std::string path : {"/api/v1/openapi.json", "/api/v1/asyncapi.json"}) {
        SCOPED_TRACE(path);
        const auto answer = get(path, "");
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.field("Content-Type"), "application/json");
        EXPECT_TRUE(json::parse(answer.body).contains("info"));
        HttpClient client{port_};
        const auto again = client.get(path, "If-None-Match: " + answer.field("ETag") + "\r\n");
        EXPECT_EQ(again.status, 304);
    }
}

}  // namespace
}  // namespace modax::http
