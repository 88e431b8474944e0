// A request's body as JSON, within the limits of PROMISES 3.4, and its members with precise errors.
// Internal to http; not thread-safe.
#pragma once

#include "http/call.hpp"
#include "http/problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::http {

// Collects what is wrong; whoever reads asks finish() before it uses what was read.
class JsonBody {
public:
    // An object with no other members than those named. Depth 32, 10,000 members, no name twice,
    // UTF-8 only.
    JsonBody(std::string_view body, std::initializer_list<std::string_view> members);
    JsonBody(const JsonBody&) = delete;
    JsonBody& operator=(const JsonBody&) = delete;
    ~JsonBody();

    bool has(std::string_view name) const;
    // Empty, and wrong, when it is missing or no text.
    std::string text(std::string_view name);
    // Empty when it is missing; wrong when it is no array of texts.
    std::vector<std::string> texts(std::string_view name);
    // For what the caller finds out itself.
    void wrong(std::string_view field, std::string_view detail);

    // True when nothing is wrong; otherwise the answer is a problem.
    bool finish(const Call& call, Response& response) const;

private:
    std::unique_ptr<nlohmann::json> json_;
    std::vector<FieldError> errors_;
    std::string malformed_;  // not JSON, or beyond the limits
};

}  // namespace modax::http
