// A connector at work: maps an event, makes the handshake, calls, and says what the answer means.
// Owned by app; used by one dispatcher's thread.
#pragma once

#include "connectors/definition.hpp"
#include "connectors/http_exchange.hpp"
#include "connectors/jq.hpp"
#include "core/clock.hpp"
#include "core/secret.hpp"

#include <functional>

namespace modax::connectors {

struct ChannelSecrets {
    Secret password;   // or API key
    Secret signature;  // key of the HMAC
};

// HMAC-SHA256 in hexadecimal digits.
using Hmac = std::function<std::string(std::string_view key, std::string_view text)>;

class Channel final : public DeliveryChannel {
public:
    Channel(
        Definition definition,
        ChannelSecrets secrets,
        const NetworkRules& rules,
        const Jq& jq,
        Hmac hmac,
        const Clock& clock
    );

    CallResult send(const Delivery& delivery) override;
    bool repeatable() const override { return definition_.repeatable; }
    bool can_look_up() const override { return !definition_.lookup_url.empty(); }
    CallResult look_up(const Delivery& delivery) override;
    void interrupt() noexcept override { exchange_.interrupt(); }

    const Definition& definition() const { return definition_; }

private:
    void authenticate(HttpRequest& request) const;
    // An access token (RFC 6749), where there is none that still holds. A failure is a result.
    std::optional<CallResult> get_access_token();
    // Gets a token where there is none. A failure is a result.
    std::optional<CallResult> shake_hands();
    HttpAnswer call_with_token(HttpRequest request);
    CallResult judge(const HttpRequest& request, const HttpAnswer& answer) const;
    std::string shown(const HttpRequest& request) const;

    const Definition definition_;
    const ChannelSecrets secrets_;
    const Jq& jq_;
    const Hmac hmac_;
    const Clock& clock_;
    HttpExchange exchange_;
    Secret access_token_;
    SteadyTime access_token_until_{};
    bool handshake_done_ = false;
    std::string csrf_token_;  // empty after a handshake that gave none: not every service has one
};

}  // namespace modax::connectors
