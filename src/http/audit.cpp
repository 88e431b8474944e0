// /api/v1/audit: who did what, newest first, with filters.
#include "core/audit_json.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"

#include <charconv>
#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_default_limit = 100;
constexpr std::size_t k_max_limit = 1000;

class AuditProducer final : public BodyProducer {
public:
    AuditProducer(const AuditStore& audit, AuditQuery query)
        : audit_{audit}, query_{std::move(query)} {}

    Result<bool> produce(std::string& out) override {
        const std::size_t wanted = query_.limit++;
        const auto rows = audit_.audit_rows(query_);
        if (!rows) return tl::make_unexpected(rows.error());
        out = "{\"rows\":[";
        for (std::size_t i = 0; i < rows->size() && i < wanted; ++i) {
            if (i > 0) out += ',';
            append_audit_json(out, (*rows)[i]);
        }
        out += "],\"next_cursor\":";
        if (rows->size() > wanted) {
            out += '"' + std::to_string((*rows)[wanted - 1].sequence) + '"';
        } else {
            out += "null";
        }
        out += '}';
        return false;
    }

private:
    const AuditStore& audit_;
    AuditQuery query_;
};

}  // namespace

void get_audit(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    AuditQuery wanted;
    wanted.limit = k_default_limit;
    const auto take_time = [&](std::string_view name, std::optional<Timestamp>& into) {
        const auto text = query->find(name);
        if (!text) return;
        into = parse_iso8601(*text);
        if (!into) errors.push_back({std::string{name}, "must be an ISO 8601 time"});
    };
    take_time("start", wanted.start);
    take_time("end", wanted.end);
    wanted.actor = query->find("actor").value_or("");
    wanted.action = query->find("action").value_or("");
    wanted.object = query->find("object").value_or("");
    if (const auto text = query->find("result")) {
        for (const auto result :
             {AuditEntry::Result::ok, AuditEntry::Result::refused, AuditEntry::Result::failed}) {
            if (name_of(result) == *text) wanted.result = result;
        }
        if (!wanted.result) errors.push_back({"result", "must be ok, refused or failed"});
    }
    if (const auto text = query->find("limit")) {
        const auto parsed = parse_limit(*text, k_max_limit);
        if (!parsed) errors.push_back({"limit", "must be a number from 1 to 1000"});
        wanted.limit = parsed.value_or(wanted.limit);
    }
    if (const auto text = query->find("cursor")) {
        const char* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, wanted.before);
        if (parsed.ec != std::errc{} || parsed.ptr != end || wanted.before == 0) {
            errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        }
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    response.producer =
        std::make_unique<AuditProducer>(call.services.dependencies.audit, std::move(wanted));
}

}  // namespace modax::http
