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
        if (!authenticate() || !find_device()) return;
        const Call call{request_, *principal_, key_, device_, services_, caller_.tls};
        route_.handler(call, response_);
    }

private:
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
        const auto now = services_.dependencies.clock.steady_now();
        if (!caller_.known || now - caller_.checked > k_key_remembered ||
            !is_same(caller_.key.reveal(), key_)) {
            caller_.known = false;
            auto principal = services_.dependencies.keys.authenticate(key_);
            if (!principal) return refuse(401, principal.error().detail);
            caller_.key = Secret{key_};
            caller_.principal = std::move(*principal);
            caller_.checked = now;
            caller_.known = true;
        }
        principal_ = &caller_.principal;
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
};

}  // namespace

std::size_t dispatch(
    const Services& services, Caller& caller, const Request& request, Response& response
) {
    response.reset();
    if (request.path == "*") {
        response.status = 204;
        response.add_field("Allow", "GET, HEAD, POST, OPTIONS");
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
