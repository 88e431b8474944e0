// /api/v1/opcua: certificates the OPC UA server knows, what is wrong with them, and open sessions.
#include "core/opcua.hpp"

#include "core/flat_json.hpp"
#include "http/change.hpp"
#include "http/resources.hpp"

#include <utility>

namespace modax::http {
namespace {

std::string_view name_of(OpcUaCertificate::State state) {
    switch (state) {
        case OpcUaCertificate::State::own:
            return "own";
        case OpcUaCertificate::State::trusted:
            return "trusted";
        case OpcUaCertificate::State::rejected:
            return "rejected";
    }
    return {};
}

class Object {
public:
    explicit Object(std::string& out) : out_{out} { out_ += '{'; }
    Object& add(std::string_view name, std::string_view text) {
        if (out_.back() != '{') out_ += ',';
        append_json_string(out_, name);
        out_ += ':';
        append_json_string(out_, text);
        return *this;
    }
    void finish() { out_ += '}'; }

private:
    std::string& out_;
};

void append(std::string& out, const OpcUaCertificate& certificate) {
    Object object{out};
    object.add("state", name_of(certificate.state))
        .add("thumbprint", certificate.thumbprint)
        .add("subject", certificate.subject)
        .add("application_uri", certificate.application_uri)
        .add("not_before", format_iso8601(certificate.not_before))
        .add("not_after", format_iso8601(certificate.not_after))
        .add("code", certificate.finding.code)
        .add("fix", certificate.finding.fix)
        .finish();
}

template <class Items, class Append>
std::string list_of(std::string_view name, const Items& items, Append append_item) {
    std::string out = "{";
    append_json_string(out, name);
    out += ":[";
    for (const auto& item : items) {
        if (out.back() != '[') out += ',';
        append_item(out, item);
    }
    out += "]}";
    return out;
}

Result<OpcUaAdministration*> server_of(const Call& call) {
    auto* server = call.services.dependencies.opcua;
    if (server != nullptr) return server;
    return fail(Errc::not_found, "the OPC UA server is off; set opcua.enabled = true");
}

using Move = Result<OpcUaCertificate> (OpcUaAdministration::*)(std::string_view, const AuditEntry&);

void move_certificate(const Call& call, Response& response, Move move) {
    set_change(
        response,
        200,
        [server = server_of(call), move, id = id_of(call), origin = origin_of(call)](
        ) -> Result<std::string> {
            if (!server) return tl::make_unexpected(server.error());
            const auto moved = ((*server)->*move)(id, origin);
            if (!moved) return tl::make_unexpected(moved.error());
            std::string body;
            append(body, *moved);
            return body;
        }
    );
}

}  // namespace

void get_opcua_certificates(const Call& call, Response& response) {
    set_change(response, 200, [server = server_of(call)]() -> Result<std::string> {
        if (!server) return tl::make_unexpected(server.error());
        const auto listed = (*server)->certificates();
        if (!listed) return tl::make_unexpected(listed.error());
        return list_of("certificates", *listed, append);
    });
}

void post_opcua_trust(const Call& call, Response& response) {
    move_certificate(call, response, &OpcUaAdministration::trust);
}

void delete_opcua_trust(const Call& call, Response& response) {
    move_certificate(call, response, &OpcUaAdministration::untrust);
}

void get_opcua_sessions(const Call& call, Response& response) {
    set_change(response, 200, [server = server_of(call)]() -> Result<std::string> {
        if (!server) return tl::make_unexpected(server.error());
        return list_of("sessions", (*server)->sessions(), [](std::string& out, const auto& each) {
            Object object{out};
            object.add("id", each.id)
                .add("name", each.name)
                .add("user", each.user)
                .add("application_uri", each.application_uri)
                .add("opened", format_iso8601(each.opened))
                .finish();
        });
    });
}

}  // namespace modax::http
