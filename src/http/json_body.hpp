// A request's body as JSON, within the limits of PROMISES 3.4, and its members with precise errors.
// Internal to http; not thread-safe.
#pragma once

#include "core/time.hpp"
#include "http/call.hpp"
#include "http/problem.hpp"

#include <nlohmann/json_fwd.hpp>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::http {

// The members of one object. What is wrong goes where the whole body's goes, with the path in
// front: "characteristics[1].target".
class JsonMembers {
public:
    JsonMembers(const nlohmann::json& json, std::string path, std::vector<FieldError>& errors)
        : json_{&json}, path_{std::move(path)}, errors_{&errors} {}

    // Wrong when there are others.
    void only(std::initializer_list<std::string_view> members);
    bool has(std::string_view name) const;
    // Empty, and wrong, when it is missing or no text.
    std::string text(std::string_view name);
    // These are empty when it is missing or null; wrong when it is something else.
    std::string optional_text(std::string_view name);
    std::vector<std::string> texts(std::string_view name);
    std::optional<double> number(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    std::optional<Timestamp> time(std::string_view name);  // ISO 8601
    std::vector<JsonMembers> objects(std::string_view name, std::size_t most);
    // For what the caller finds out itself.
    void wrong(std::string_view field, std::string_view detail);

private:
    // nullptr when it is missing or null.
    const nlohmann::json* find(std::string_view name) const;

    const nlohmann::json* json_;
    std::string path_;
    std::vector<FieldError>* errors_;
};

// Collects what is wrong; whoever reads asks finish() before it uses what was read.
class JsonBody : private JsonMembers {
public:
    // An object with no other members than those named. Depth 32, 10,000 members, no name twice,
    // UTF-8 only.
    JsonBody(std::string_view body, std::initializer_list<std::string_view> members);
    JsonBody(const JsonBody&) = delete;
    JsonBody& operator=(const JsonBody&) = delete;
    ~JsonBody();

    using JsonMembers::boolean;
    using JsonMembers::has;
    using JsonMembers::number;
    using JsonMembers::objects;
    using JsonMembers::optional_text;
    using JsonMembers::text;
    using JsonMembers::texts;
    using JsonMembers::time;
    using JsonMembers::wrong;

    // True when nothing is wrong; otherwise the answer is a problem.
    bool finish(const Call& call, Response& response) const;

private:
    struct Read;
    explicit JsonBody(std::unique_ptr<Read> read, std::initializer_list<std::string_view> members);

    std::unique_ptr<Read> read_;
};

}  // namespace modax::http
