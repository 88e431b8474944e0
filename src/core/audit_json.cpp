#include "core/audit_json.hpp"

#include "core/flat_json.hpp"
#include "core/hex.hpp"

namespace modax {

std::string_view name_of(AuditEntry::Result result) {
    switch (result) {
        case AuditEntry::Result::ok:
            return "ok";
        case AuditEntry::Result::refused:
            return "refused";
        default:
            return "failed";
    }
}

void append_audit_json(std::string& out, const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    const auto text = [&](std::string_view name, std::string_view value) {
        out += ",\"";
        out.append(name) += "\":";
        append_json_string(out, value);
    };
    out += "{\"sequence\":" + std::to_string(row.sequence) + ",\"time\":\"";
    append_iso8601(out, entry.time);
    out += '"';
    text("actor", entry.actor);
    text("source", entry.source);
    text("via", entry.via);
    text("action", entry.action);
    text("object", entry.object);
    text("result", name_of(entry.result));
    out += ",\"count\":" + std::to_string(entry.count);
    text("detail", entry.detail);
    if (!entry.before_hash.empty()) text("before_hash", entry.before_hash);
    if (!entry.after_hash.empty()) text("after_hash", entry.after_hash);
    text("hash", to_hex(row.hash));
    out += '}';
}

}  // namespace modax
