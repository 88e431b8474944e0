#include "http/business.hpp"

#include "core/hex.hpp"
#include "http/change.hpp"
#include "http/problem.hpp"

#include <openssl/evp.h>

#include <array>

namespace modax::http {
namespace {

constexpr std::size_t k_max_key = 255;

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

void set_read(Response& response, std::function<Result<std::string>()> read) {
    set_change(response, 200, std::move(read));
}

}  // namespace modax::http
