#include "http/problem.hpp"

#include "core/flat_json.hpp"

namespace modax::http {
namespace {

constexpr std::string_view k_field_letters = "abcdefghijklmnopqrstuvwxyz_";

struct Kind {
    std::string_view word;
    std::string_view title;
};

Kind kind_of(int status) {
    switch (status) {
        case 401:
            return {"unauthenticated", "A valid API key is needed"};
        case 403:
            return {"forbidden", "The API key does not allow this"};
        case 404:
            return {"not-found", "There is no such thing"};
        case 405:
            return {"method-not-allowed", "The method is not allowed here"};
        case 408:
            return {"request-timeout", "The request did not arrive in time"};
        case 409:
            return {"conflict", "It exists already"};
        case 413:
            return {"content-too-large", "The body is too large"};
        case 414:
            return {"target-too-long", "The request target is too long"};
        case 417:
            return {"expectation-failed", "The expectation can't be met"};
        case 422:
            return {"invalid-input", "The input is not valid"};
        case 426:
            return {"upgrade-required", "This is a WebSocket address"};
        case 429:
            return {"too-many-requests", "Too many requests"};
        case 431:
            return {"fields-too-large", "The header fields are too large"};
        case 500:
            return {"internal", "The gateway failed"};
        case 501:
            return {"not-implemented", "Not implemented"};
        case 503:
            return {"unavailable", "Try again later"};
        case 505:
            return {"version-not-supported", "The HTTP version is not supported"};
        default:
            return {"bad-request", "The request is malformed"};
    }
}

int status_of(Errc code) {
    switch (code) {
        case Errc::invalid_argument:
            return 422;
        case Errc::not_found:
            return 404;
        case Errc::already_exists:
            return 409;
        case Errc::permission_denied:
            return 403;
        case Errc::unauthenticated:
            return 401;
        case Errc::unavailable:
        case Errc::resource_exhausted:
        case Errc::timed_out:
        case Errc::cancelled:
            return 503;
        default:
            return 500;
    }
}

}  // namespace

void set_problem(
    Response& response,
    int status,
    std::string_view detail,
    std::string_view instance,
    std::span<const FieldError> errors,
    std::string_view word
) {
    const Kind kind = kind_of(status);
    response.status = status;
    response.content_type = Response::k_problem_json;
    response.shared_body.reset();
    response.producer.reset();
    response.live.reset();
    std::string& body = response.body;
    body = "{\"type\":\"urn:modax:problem:";
    body += word.empty() ? kind.word : word;
    body += "\",\"title\":";
    append_json_string(body, kind.title);
    body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
    append_json_string(body, detail);
    body += ",\"instance\":";
    append_json_string(body, instance);
    if (!errors.empty()) {
        body += ",\"errors\":[";
        for (const FieldError& error : errors) {
            if (body.back() != '[') body += ',';
            body += "{\"field\":";
            append_json_string(body, error.field);
            body += ",\"detail\":";
            append_json_string(body, error.detail);
            body += '}';
        }
        body += ']';
    }
    body += '}';
    if (status == 401) response.add_field("WWW-Authenticate", "ApiKey realm=\"modax\"");
    if (status == 503) response.add_field("Retry-After", "1");
}

void set_problem(Response& response, const Error& error, std::string_view instance) {
    const int status = status_of(error.code);
    if (error.code == Errc::invalid_argument) {
        // "field: what is wrong"
        const auto colon = error.detail.find(": ");
        const bool named =
            colon != std::string::npos && error.detail.find_first_not_of(k_field_letters) == colon;
        if (named) {
            const FieldError field{error.detail.substr(0, colon), error.detail.substr(colon + 2)};
            set_problem(response, status, error.detail, instance, {&field, 1});
            return;
        }
    }
    // What broke inside is for the log, not for whoever asks.
    set_problem(
        response,
        status,
        status == 500 ? "the store could not be read; the gateway's log says why"
                      : std::string_view{error.detail},
        instance
    );
}

}  // namespace modax::http
