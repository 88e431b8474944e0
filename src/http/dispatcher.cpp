#include "http/dispatcher.hpp"

#include "http/figures.hpp"
#include "http/problem.hpp"
#include "http/query_string.hpp"
#include "http/router.hpp"
#include "http/tickets.hpp"

#include <openssl/crypto.h>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace modax::http {
namespace {

constexpr std::chrono::milliseconds k_key_remembered{500};
// PROMISES P10.
constexpr std::chrono::days k_key_warning{14};
const Principal k_anonymous{"anonymous", "anonymous", {}, {}};

bool is_same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void set_no_route(const Request& request, const std::string& allow, Response& response) {
    if (allow.empty()) {
        set_problem(response, 404, "nothing is served at this path", request.path);
        return;
    }
    response.add_field("Allow", allow);
    if (request.method == Method::options) {
        response.status = 204;
        return;
    }
    set_problem(response, 405, "this path answers to " + allow, request.path);
}

// One request on its way through the checks. Each step says false when the answer is a refusal.
class Admission {
public:
    Admission(
        const Services& services,
        Caller& caller,
        const Request& request,
        const RouteMatch& match,
        Response& response
    )
        : services_{services},
          caller_{caller},
          request_{request},
          match_{match},
          route_{*match.route},
          response_{response} {}

    void run() {
        const bool admitted = within_address_limit() && authenticate() && find_device();
        if (admitted) {
            record_access(services_, caller_, route_, device_);
            answer();
        }
        add_limit_fields();
    }

private:
    void answer() {
        const Call call{
            request_,
            *principal_,
            key_,
            match_.parameter,
            caller_.address,
            device_,
            services_,
            caller_.tls};
        route_.handler(call, response_);
    }

    bool within_address_limit() {
        if (!caller_.address_bucket) return true;
        const auto state = caller_.address_bucket->take(clock().steady_now());
        return state.taken || refuse_for_now("this address makes too many requests", state);
    }

    // Each key has its own; not asked for while a connection goes on with the same key.
    bool within_key_limit() {
        if (!caller_.key_bucket) return true;
        key_state_ = caller_.key_bucket->take(clock().steady_now());
        return key_state_->taken || refuse_for_now("the key makes too many requests", *key_state_);
    }

    bool refuse_for_now(std::string_view detail, const TokenBucket::State& state) {
        services_.rate_limits.count_refusal();
        refuse(429, detail);
        response_.add_field("Retry-After", std::to_string(state.next_in_seconds));
        return false;
    }

    // That the key ends soon, or that it was rotated (RFC 9745, RFC 8594).
    void add_key_fields() {
        if (!principal_->expires) return;
        const auto left = *principal_->expires - clock().now();
        if (left > k_key_warning && principal_->successor.empty()) return;
        response_.add_field("X-API-Key-Expires", format_iso8601(*principal_->expires));
        if (principal_->successor.empty()) return;
        const auto end = to_micros(*principal_->expires) / 1'000'000;
        response_.add_field(
            "Deprecation", "@" + std::to_string(to_micros(clock().now()) / 1'000'000)
        );
        response_.add_field("Sunset", format_http_date(end));
    }

    void add_limit_fields() {
        if (!key_state_) return;
        add_key_fields();
        std::string policy = "\"key\";q=";
        policy += std::to_string(caller_.key_bucket->capacity());
        policy += ";w=60";
        response_.add_field("RateLimit-Policy", policy);
        std::string left = "\"key\";r=";
        left += std::to_string(key_state_->left);
        left += ";t=";
        left += std::to_string(key_state_->full_in_seconds);
        response_.add_field("RateLimit", left);
    }

    const Clock& clock() const { return services_.dependencies.clock; }

    bool authenticate() {
        if (route_.access == Access::open) return true;
        if (!request_.api_key) {
            const bool local = caller_.loopback && !request_.forwarded;
            if (route_.access == Access::key_or_loopback && local) return true;
            if (route_.access == Access::key_or_ticket && redeem_ticket()) return check_key();
            return refuse(401, "send an API key in the X-API-Key field");
        }
        key_ = *request_.api_key;
        return check_key();
    }

    bool redeem_ticket() {
        const auto query = QueryString::parse(request_.query);
        const auto ticket = query ? query->find("ticket") : std::nullopt;
        if (!ticket) return false;
        ticket_key_ = services_.tickets.redeem(*ticket);
        if (!ticket_key_) return false;
        key_ = ticket_key_->reveal();
        return true;
    }

    bool check_key() {
        const auto now = clock().steady_now();
        if (!caller_.known || now - caller_.checked > k_key_remembered ||
            !is_same(caller_.key.reveal(), key_)) {
            caller_.known = false;
            if (caller_.refusal_bucket && caller_.refusal_bucket->empty(now)) {
                TokenBucket::State wait;
                wait.next_in_seconds = 1;
                return refuse_for_now("too many wrong keys came from this address", wait);
            }
            auto principal = services_.dependencies.keys.authenticate({key_, caller_.address});
            if (!principal) {
                if (caller_.refusal_bucket) caller_.refusal_bucket->charge(now);
                return refuse(401, principal.error().detail);
            }
            caller_.key = Secret{key_};
            caller_.principal = std::move(*principal);
            caller_.checked = now;
            caller_.known = true;
            caller_.key_bucket = services_.rate_limits.of_key(caller_.principal.id);
        }
        principal_ = &caller_.principal;
        if (!within_key_limit()) return false;
        if (!principal_->may(route_.scope)) {
            return refuse(403, "the key lacks the scope " + std::string{route_.scope});
        }
        if (route_.devices == DeviceRule::all_devices && !principal_->devices.empty()) {
            return refuse(403, "the key is for certain devices, and this is about all");
        }
        return true;
    }

    bool find_device() {
        if (route_.devices != DeviceRule::of_path) return true;
        const auto id = percent_decode(match_.parameter, false);
        // Refused before it is looked up, so that a key can't ask which other devices there are.
        if (!id || !principal_->may(route_.scope, *id)) {
            return refuse(403, "the key does not allow this device");
        }
        device_ = services_.dependencies.devices.find(*id);
        if (device_ == nullptr) {
            return refuse(
                404, "there is no device " + (is_valid_device_id(*id) ? *id : "of that id")
            );
        }
        return true;
    }

    bool refuse(int status, std::string_view detail) {
        if (status != 404) record_refusal(services_, caller_, route_, request_, detail);
        set_problem(response_, status, detail, request_.path);
        return false;
    }

    const Services& services_;
    Caller& caller_;
    const Request& request_;
    const RouteMatch& match_;
    const Route& route_;
    Response& response_;
    const Principal* principal_ = &k_anonymous;
    std::string_view key_;
    std::optional<Secret> ticket_key_;
    const Device* device_ = nullptr;
    std::optional<TokenBucket::State> key_state_;
};

}  // namespace

std::size_t dispatch(
    const Services& services, Caller& caller, const Request& request, Response& response
) {
    response.reset();
    if (request.path == "*") {
        response.status = 204;
        response.add_field("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
        return Figures::k_max_routes;
    }
    const RouteMatch match = find_route(request.method, request.path);
    if (match.route == nullptr) {
        set_no_route(request, match.allow, response);
        return Figures::k_max_routes;
    }
    try {
        Admission{services, caller, request, match, response}.run();
    } catch (const std::exception& failure) {
        services.dependencies.log.error(
            "http",
            "a request failed; this is a bug",
            {{"path", std::string{request.path}}, {"what", failure.what()}}
        );
        response.reset();
        set_problem(response, 500, "the gateway's log says why", request.path);
    }
    return match.index;
}

}  // namespace modax::http
