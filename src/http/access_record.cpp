#include "http/access_record.hpp"

#include "http/dispatcher.hpp"

#include <algorithm>
#include <utility>

namespace modax::http {
namespace {

std::int64_t minute_now(const Services& services) {
    const auto now = services.dependencies.clock.now();
    return std::chrono::floor<std::chrono::minutes>(now).time_since_epoch().count();
}

bool is_live(const Route& route) {
    return route.access == Access::key_or_ticket;
}

AuditEntry entry_of(const Caller& caller, const Route& route) {
    AuditEntry entry;
    entry.actor = caller.known ? "key:" + caller.principal.id : "unknown";
    entry.source = caller.address;
    entry.via = is_live(route) ? "websocket" : "rest";
    entry.action = is_live(route) ? std::string{"live.subscribe"} : std::string{route.scope};
    std::replace(entry.action.begin(), entry.action.end(), ':', '.');
    return entry;
}

std::string object_of(const Route& route, const Device* device) {
    if (device != nullptr) return "device:" + device->id();
    return "path:" + std::string{route.pattern};
}

void tell(const Services& services, Caller& caller) {
    UntoldAccesses& untold = caller.untold;
    if (untold.bytes > 0) {
        const std::string actor = "key:" + untold.key_id;
        services.dependencies.audit_trail.served(actor, std::exchange(untold.bytes, 0));
    }
    if (untold.route == nullptr || untold.count == 0) return;
    AuditEntry entry = entry_of(caller, *untold.route);
    entry.actor = "key:" + untold.key_id;
    entry.object = object_of(*untold.route, untold.device);
    entry.count = std::exchange(untold.count, 0);
    services.dependencies.audit_trail.access(std::move(entry));
}

}  // namespace

void record_access(
    const Services& services, Caller& caller, const Route& route, const Device* device
) {
    // A change has a row of its own, in its transaction.
    if (route.method != Method::get || !caller.known) return;
    UntoldAccesses& untold = caller.untold;
    const auto minute = minute_now(services);
    const bool same = untold.route == &route && untold.device == device &&
                      untold.minute == minute && untold.key_id == caller.principal.id;
    ++untold.count;
    if (same) return;
    --untold.count;
    tell(services, caller);
    untold = {&route, device, caller.principal.id, minute, 1, 0};
    tell(services, caller);
}

void record_refusal(
    const Services& services,
    const Caller& caller,
    const Route& route,
    const Request& request,
    std::string_view why
) {
    AuditEntry entry = entry_of(caller, route);
    entry.object = "path:" + std::string{request.path.substr(0, 200)};
    entry.result = AuditEntry::Result::refused;
    entry.detail = why;
    services.dependencies.audit_trail.refusal(std::move(entry));
}

void tell_accesses(const Services& services, Caller& caller, bool all) {
    const bool any = caller.untold.count > 0 || caller.untold.bytes > 0;
    if (any && (all || caller.untold.minute != minute_now(services))) {
        tell(services, caller);
    }
}

}  // namespace modax::http
