// One HTTP call of another system by libcurl, within the rules of PROMISES 2.3 and 3.4: TLS 1.2 or
// later, no redirects, no proxy of the environment, addresses checked when connecting, limits of
// time and size. Used by one thread; interrupt() by any.
#pragma once

#include "connectors/definition.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

namespace modax::connectors {

struct HttpRequest {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    // Whether a connection of an earlier call may be used. libcurl repeats a request by itself when
    // such a connection turns out closed, which would book twice what must be booked once.
    bool repeatable = false;
};

struct HttpAnswer {
    enum class Failure : std::uint8_t {
        none,
        not_sent,   // nothing of the request left
        uncertain,  // it left, and no whole answer came
        refused,    // against the rules of the site or the certificate: a person must act
    };
    Failure failure = Failure::none;
    std::string problem;
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;  // names in lower case
};

// Whom connectors may call; from the configuration.
struct NetworkRules {
    std::vector<std::string> hosts;  // exact names
    // Whether an address that is not public may be connected.
    std::function<bool(std::string_view address)> may_connect;
};
// Loopback, private, link-local, shared, multicast or unspecified: not without being listed.
bool is_public_address(std::string_view address);

class HttpExchange {
public:
    HttpExchange(const Definition& definition, const NetworkRules& rules);
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;
    ~HttpExchange();

    HttpAnswer call(const HttpRequest& request);
    void forget_cookies();
    void interrupt() noexcept { interrupted_.store(true); }

private:
    struct Call;
    std::optional<std::string> against_rules(const std::string& url) const;
    void set_up(Call& call, const HttpRequest& request);

    const Definition& definition_;
    const NetworkRules& rules_;
    std::atomic<bool> interrupted_{false};
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

}  // namespace modax::connectors
