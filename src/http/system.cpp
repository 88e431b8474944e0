// The gateway itself: /health, /ready, /metrics, the accounting and the start page.
#include "core/flat_json.hpp"
#include "http/resources.hpp"

#include <memory>
#include <utility>

namespace modax::http {
namespace {

constexpr std::string_view k_console_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MODAX gateway</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem; }
code { background: #8881; padding: .1em .3em; border-radius: .2em; }
</style>
</head>
<body>
<h1>MODAX gateway</h1>
<p>The gateway is running. The console comes here; until then:</p>
<ul>
<li><a href="/health">/health</a>: the process answers</li>
<li><a href="/ready">/ready</a>: every part is ready</li>
<li><code>GET /api/v1/devices</code> with the header <code>X-API-Key</code>: the devices</li>
<li><code>GET /api/v1/devices/{id}/data</code>: the latest reading of one</li>
<li><code>GET /api/v1/devices/{id}/history</code>: its readings</li>
<li><code>/ws</code>, <code>/ws/device/{id}</code>: readings as they come, over a WebSocket</li>
</ul>
</body>
</html>
)";

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
    out += '"';
    out += name;
    out += "\":" + std::to_string(value);
}

void set_document(
    const Call& call, Response& response, std::shared_ptr<const std::string> document
) {
    response.shared_body = std::move(document);
    response.add_field("Cache-Control", "no-cache");
    // Tools that read it run in pages of other origins; there is nothing secret in it.
    response.add_field("Access-Control-Allow-Origin", "*");
    set_etag(call, response);
}

}  // namespace

void get_console(const Call&, Response& response) {
    response.content_type = "text/html; charset=utf-8";
    response.body = k_console_page;
    response.add_field(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    );
    response.add_field("X-Content-Type-Options", "nosniff");
    response.add_field("Referrer-Policy", "no-referrer");
}

void get_index(const Call& call, Response& response) {
    response.body = "{\"name\":\"modax\",\"version\":";
    append_json_string(response.body, call.services.dependencies.version);
    response.body +=
        ",\"links\":{\"devices\":\"/api/v1/devices\",\"quarantine\":\"/api/v1/quarantine\","
        "\"accounting\":\"/api/v1/accounting\",\"ws_tickets\":\"/api/v1/ws-tickets\","
        "\"live\":\"/ws\",\"health\":\"/health\",\"ready\":\"/ready\",\"metrics\":\"/"
        "metrics\",\"openapi\":\"/api/v1/openapi.json\",\"asyncapi\":\"/api/v1/asyncapi.json\"}}";
}

void get_openapi(const Call& call, Response& response) {
    set_document(call, response, call.services.openapi);
}

void get_asyncapi(const Call& call, Response& response) {
    set_document(call, response, call.services.asyncapi);
}

void get_health(const Call& call, Response& response) {
    response.body = "{\"status\":\"alive\",\"version\":";
    append_json_string(response.body, call.services.dependencies.version);
    response.body += '}';
    response.add_field("Cache-Control", "no-store");
}

void get_ready(const Call& call, Response& response) {
    bool ready = true;
    std::string parts;
    for (const HealthSource* source : call.services.dependencies.health) {
        const Health health = source->health();
        ready = ready && health.ready;
        if (!parts.empty()) parts += ',';
        parts += "{\"part\":";
        append_json_string(parts, health.part);
        parts += health.ready ? ",\"ready\":true" : ",\"ready\":false";
        parts += ",\"detail\":";
        append_json_string(parts, health.detail);
        parts += '}';
    }
    response.status = ready ? 200 : 503;
    response.body = ready ? "{\"ready\":true,\"parts\":[" : "{\"ready\":false,\"parts\":[";
    response.body += parts + "]}";
    response.add_field("Cache-Control", "no-store");
    if (!ready) response.add_field("Retry-After", "1");
}

void get_metrics(const Call& call, Response& response) {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = call.services.dependencies.metrics_text();
    response.add_field("Cache-Control", "no-store");
}

void get_accounting(const Call& call, Response& response) {
    const auto figures = call.services.dependencies.accounting.figures();
    std::string& out = response.body;
    out += '{';
    append_member(out, "received", figures.received);
    out += ',';
    append_member(out, "stored", figures.stored);
    out += ',';
    append_member(out, "duplicate", figures.duplicates);
    out += ',';
    append_member(out, "quarantined", figures.quarantined);
    out += ",\"dropped\":{";
    for (std::size_t i = 0; i < k_drop_reason_names.size(); ++i) {
        if (i > 0) out += ',';
        append_member(out, k_drop_reason_names[i], figures.dropped[i]);
    }
    out += "},";
    append_member(out, "pending", figures.pending);
    out += '}';
    response.add_field("Cache-Control", "no-store");
}

}  // namespace modax::http
