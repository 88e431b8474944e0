#include "http/business.hpp"

#include "core/hex.hpp"
#include "http/problem.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_max_key = 255;
constexpr std::size_t k_max_path = 200;

std::string sha256(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

// A structured-field string (RFC 8941 section 3.3.3): in quotes. A bare token is taken as well,
// as most clients send it. Empty: malformed.
std::string_view unquoted(std::string_view sent) {
    if (sent.size() >= 2 && sent.front() == '"' && sent.back() == '"') {
        sent = sent.substr(1, sent.size() - 2);
    }
    const bool odd = sent.find_first_of("\"\\") != std::string_view::npos;
    return odd || sent.size() > k_max_key ? std::string_view{} : sent;
}

}  // namespace

Operations* operations_of(const Call& call, Response& response) {
    Operations* operations = call.services.dependencies.operations;
    if (operations == nullptr) {
        set_problem(response, 503, "this gateway has no operations", call.request.path);
    }
    return operations;
}

std::optional<BusinessOrigin> business_origin(
    const Call& call, std::string_view scope, Response& response
) {
    BusinessOrigin origin;
    origin.origin = origin_of(call);
    origin.may = [principal = call.principal, scope = std::string{scope}](std::string_view device) {
        // An order that is of no device is for keys without a restriction.
        return principal.devices.empty() || principal.may(scope, device);
    };
    if (!call.request.idempotency_key) return origin;
    const auto key = unquoted(*call.request.idempotency_key);
    if (key.empty()) {
        set_problem(
            response,
            400,
            "the Idempotency-Key must be a text of 1 to 255 bytes in quotes",
            call.request.path
        );
        return std::nullopt;
    }
    origin.key.scope = call.principal.id + ' ' + std::string{call.request.path};
    origin.key.key = key;
    origin.key.body_hash = sha256(call.request.body);
    return origin;
}

void set_business_answer(
    const Call& call, Response& response, int status, std::string_view scope, Change work
) {
    AuditEntry refusal = origin_of(call);
    refusal.action = scope;
    std::replace(refusal.action.begin(), refusal.action.end(), ':', '.');
    refusal.object = "path:" + std::string{call.request.path.substr(0, k_max_path)};
    refusal.result = AuditEntry::Result::refused;
    AuditTrail& trail = call.services.dependencies.audit_trail;
    set_change(
        response,
        status,
        [work = std::move(work), refusal = std::move(refusal), &trail]() -> Result<std::string> {
            auto answer = work();
            if (!answer && answer.error().code == Errc::permission_denied) {
                AuditEntry entry = refusal;
                entry.detail = answer.error().detail;
                trail.refusal(std::move(entry));
            }
            return answer;
        }
    );
}

}  // namespace modax::http
