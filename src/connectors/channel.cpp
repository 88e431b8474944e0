#include "connectors/channel.hpp"

#include "delivery/classification.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace modax::connectors {
namespace {

constexpr std::size_t k_max_shown = 64UL * 1024;
constexpr std::int64_t k_token_seconds = 300;  // where the answer does not say

// RFC 4648 section 4.
std::string base64(std::string_view bytes) {
    constexpr std::string_view k_digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        const auto there = std::min<std::size_t>(3, bytes.size() - i);
        for (std::size_t j = 0; j < 3; ++j) {
            group = group << 8U | (j < there ? static_cast<unsigned char>(bytes[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            text += j <= there ? k_digits[(group >> (18U - 6U * j)) & 63U] : '=';
        }
    }
    return text;
}

// application/x-www-form-urlencoded: what RFC 6749 section 2.3.1 asks for.
std::string form_encoded(std::string_view text) {
    constexpr std::string_view k_plain = "-._~";
    constexpr std::string_view k_hex = "0123456789ABCDEF";
    std::string encoded;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (std::isalnum(byte) != 0 || k_plain.find(letter) != std::string_view::npos) {
            encoded += letter;
        } else {
            encoded += '%';
            encoded += k_hex[byte >> 4U];
            encoded += k_hex[byte & 15U];
        }
    }
    return encoded;
}

std::string header_of(const HttpAnswer& answer, const std::string& name) {
    const auto found = answer.headers.find(name);
    return found == answer.headers.end() ? std::string{} : found->second;
}

// Seconds only (RFC 9110 section 10.2.3); a date would need the peer's clock.
std::optional<std::chrono::seconds> retry_after(const HttpAnswer& answer) {
    const auto text = header_of(answer, "retry-after");
    unsigned seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return std::chrono::seconds{seconds};
}

bool wants_token(const HttpAnswer& answer) {
    std::string said = header_of(answer, "x-csrf-token");
    std::transform(said.begin(), said.end(), said.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return answer.status == 403 && said == "required";
}

std::string shown(const HttpAnswer& answer) {
    if (answer.failure != HttpAnswer::Failure::none) return answer.problem;
    std::string text = "HTTP " + std::to_string(answer.status) + '\n';
    // SAP's warnings to what it has accepted.
    if (const auto message = header_of(answer, "sap-message"); !message.empty()) {
        text += "sap-message: " + message + '\n';
    }
    return text + answer.body.substr(0, k_max_shown);
}

CallResult not_mapped(const Error& error) {
    CallResult result;
    // A worker that can't be started says nothing about the mapping.
    result.outcome = error.code == Errc::io_error ? CallOutcome::transient : CallOutcome::permanent;
    result.reason = error.detail;
    return result;
}

}  // namespace

Channel::Channel(
    Definition definition,
    ChannelSecrets secrets,
    const NetworkRules& rules,
    const Jq& jq,
    Hmac hmac,
    const Clock& clock
)
    : definition_{std::move(definition)},
      secrets_{std::move(secrets)},
      jq_{jq},
      hmac_{std::move(hmac)},
      clock_{clock},
      exchange_{definition_, rules} {}

std::optional<CallResult> Channel::get_access_token() {
    const bool holds = !access_token_.empty() && clock_.steady_now() < access_token_until_;
    if (definition_.authentication != Authentication::oauth2 || holds) return std::nullopt;
    HttpRequest request{"POST", definition_.token_url, {}, "grant_type=client_credentials", true};
    if (!definition_.scope.empty()) request.body += "&scope=" + form_encoded(definition_.scope);
    const auto pair =
        form_encoded(definition_.user) + ':' + form_encoded(secrets_.password.reveal());
    request.headers = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept", "application/json"},
        {"Authorization", "Basic " + base64(pair)}};
    const HttpAnswer answer = exchange_.call(request);
    const auto json = nlohmann::json::parse(answer.body, nullptr, false);
    const bool given = answer.failure == HttpAnswer::Failure::none && answer.status == 200 &&
                       json.is_object() && json.contains("access_token") &&
                       json["access_token"].is_string();
    if (given) {
        access_token_ = Secret{json["access_token"].get<std::string>()};
        const auto seconds = json.contains("expires_in") && json["expires_in"].is_number_integer()
                                 ? json["expires_in"].get<std::int64_t>()
                                 : k_token_seconds;
        // Sooner than it ends there, because the call that uses it takes time.
        access_token_until_ = clock_.steady_now() + std::chrono::seconds{seconds} * 9 / 10;
        return std::nullopt;
    }
    CallResult result = judge(request, answer);
    // What was answered may be a token in an odd form.
    result.answer = "HTTP " + std::to_string(answer.status);
    const bool later =
        result.outcome == CallOutcome::transient || result.outcome == CallOutcome::ambiguous;
    result.outcome = later ? CallOutcome::transient : CallOutcome::configuration;
    result.reason = "no access token: " + (answer.problem.empty() ? result.answer : answer.problem);
    return result;
}

void Channel::authenticate(HttpRequest& request) const {
    if (definition_.authentication == Authentication::basic) {
        const auto pair = definition_.user + ':' + secrets_.password.reveal();
        request.headers.emplace_back("Authorization", "Basic " + base64(pair));
    } else if (definition_.authentication == Authentication::api_key) {
        request.headers.emplace_back(definition_.key_header, secrets_.password.reveal());
    } else if (definition_.authentication == Authentication::oauth2) {
        request.headers.emplace_back("Authorization", "Bearer " + access_token_.reveal());
    }
}

std::string Channel::shown(const HttpRequest& request) const {
    std::string text = request.method + ' ' + request.url + '\n';
    for (const auto& [name, value] : request.headers) {
        const bool secret = name == "Authorization" || name == "x-csrf-token" ||
                            (definition_.authentication == Authentication::api_key &&
                             name == definition_.key_header);
        text += name + ": " + (secret ? "***" : value) + '\n';
    }
    return text + '\n' + request.body.substr(0, k_max_shown);
}

// SAP Gateway: a token, valid together with the session's cookies. Taken also from an answer with
// an error status, as SAP's own clients do.
std::optional<CallResult> Channel::shake_hands() {
    if (handshake_done_ || definition_.csrf_url.empty()) return std::nullopt;
    HttpRequest request{"GET", definition_.csrf_url, {{"x-csrf-token", "Fetch"}}, {}, true};
    request.headers.emplace_back("Accept", "application/json");
    authenticate(request);
    const HttpAnswer answer = exchange_.call(request);
    csrf_token_ = header_of(answer, "x-csrf-token");
    if (answer.failure == HttpAnswer::Failure::none &&
        (!csrf_token_.empty() || (answer.status >= 200 && answer.status < 300))) {
        handshake_done_ = true;
        return std::nullopt;
    }
    CallResult result = judge(request, answer);
    // Only the handshake: the report itself has not left.
    if (result.outcome == CallOutcome::ambiguous) result.outcome = CallOutcome::transient;
    if (result.outcome == CallOutcome::permanent) result.outcome = CallOutcome::configuration;
    result.reason = "the handshake failed: " + result.reason;
    return result;
}

HttpAnswer Channel::call_with_token(HttpRequest request) {
    if (!csrf_token_.empty()) request.headers.emplace_back("x-csrf-token", csrf_token_);
    return exchange_.call(request);
}

CallResult Channel::judge(const HttpRequest& request, const HttpAnswer& answer) const {
    CallResult result;
    result.request = shown(request);
    result.answer = connectors::shown(answer);
    switch (answer.failure) {
        case HttpAnswer::Failure::not_sent:
            result.outcome = CallOutcome::transient;
            break;
        case HttpAnswer::Failure::uncertain:
            result.outcome = CallOutcome::ambiguous;
            break;
        case HttpAnswer::Failure::refused:
            result.outcome = CallOutcome::configuration;
            break;
        case HttpAnswer::Failure::none:
            result.outcome = delivery::classify(answer.status, definition_.statuses);
            result.retry_after = retry_after(answer);
            break;
    }
    if (result.outcome == CallOutcome::delivered) {
        // A login page is answered with 200.
        if (header_of(answer, "content-type").starts_with("text/html")) {
            result.outcome = CallOutcome::configuration;
            result.reason = "a web page was answered, probably a login";
        }
        return result;
    }
    result.reason =
        answer.failure != HttpAnswer::Failure::none
            ? answer.problem
            : "HTTP " + std::to_string(answer.status) + ": " + answer.body.substr(0, 300);
    return result;
}

CallResult Channel::send(const Delivery& delivery) {
    auto body = jq_.run(definition_.mapping, mapping_input(delivery.event, definition_.settings));
    if (!body) return not_mapped(body.error());
    if (*body == "null") {
        return {CallOutcome::delivered, "the mapping wants nothing sent", {}, {}, {}};
    }
    if (auto failed = get_access_token()) return *failed;
    if (auto failed = shake_hands()) return *failed;
    HttpRequest request{
        definition_.method,
        filled_in(definition_.url, delivery.event),
        {},
        *body,
        definition_.repeatable};
    request.headers = {{"Content-Type", definition_.content_type}, {"Accept", "application/json"}};
    for (const auto& [name, value] : definition_.headers) {
        request.headers.emplace_back(name, filled_in(value, delivery.event));
    }
    if (!definition_.idempotency_header.empty()) {
        request.headers.emplace_back(definition_.idempotency_header, uuid_of(delivery.event.id));
    }
    if (!definition_.signature_header.empty()) {
        const auto signature = hmac_(secrets_.signature.reveal(), request.body);
        request.headers.emplace_back(definition_.signature_header, "sha256=" + signature);
    }
    authenticate(request);
    HttpAnswer answer = call_with_token(request);
    if (wants_token(answer) && !definition_.csrf_url.empty()) {
        // The session has ended. Once; a second refusal is an error of the configuration.
        handshake_done_ = false;
        exchange_.forget_cookies();
        if (auto failed = shake_hands()) return *failed;
        answer = call_with_token(request);
    }
    if (answer.status == 401 || answer.status == 403) {
        handshake_done_ = false;
        access_token_ = {};
    }
    CallResult result = judge(request, answer);
    if (result.outcome != CallOutcome::delivered || definition_.success_test.empty()) return result;
    const auto success = jq_.run(definition_.success_test, answer.body);
    if (success && *success == "true") return result;
    result.outcome = CallOutcome::permanent;
    result.reason = success ? "the answer does not pass the success test"
                            : "the success test failed: " + success.error().detail;
    return result;
}

CallResult Channel::look_up(const Delivery& delivery) {
    if (auto failed = get_access_token()) {
        failed->reason = "the lookup failed: " + failed->reason;
        return *failed;
    }
    HttpRequest request{"GET", filled_in(definition_.lookup_url, delivery.event), {}, {}, true};
    request.headers.emplace_back("Accept", "application/json");
    authenticate(request);
    const HttpAnswer answer = exchange_.call(request);
    CallResult result = judge(request, answer);
    if (result.outcome != CallOutcome::delivered) {
        // An answer to the question that is no answer leaves the doubt.
        if (result.outcome == CallOutcome::permanent) result.outcome = CallOutcome::configuration;
        result.reason = "the lookup failed: " + result.reason;
        return result;
    }
    const auto found = jq_.run(definition_.lookup_found, answer.body);
    if (!found || (*found != "true" && *found != "false")) {
        result.outcome = CallOutcome::configuration;
        result.reason = "the lookup's test gives neither true nor false";
        return result;
    }
    result.outcome = *found == "true" ? CallOutcome::delivered : CallOutcome::permanent;
    result.reason = *found == "true" ? "found there by the lookup" : "not there";
    return result;
}

}  // namespace modax::connectors
