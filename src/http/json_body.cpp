#include "http/json_body.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace modax::http {
namespace {

using nlohmann::json;

constexpr int k_max_depth = 32;
constexpr std::size_t k_max_members = 10'000;

// Reads with the limits; the reason when it can't.
std::string read(std::string_view body, json& into) {
    std::string reason;
    std::size_t members = 0;
    std::vector<std::set<std::string>> names;
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
        using Event = json::parse_event_t;
        if (depth > k_max_depth) reason = "it is nested deeper than 32";
        if (event == Event::object_start) names.emplace_back();
        if (event == Event::object_end) names.pop_back();
        if (event == Event::key) {
            if (++members > k_max_members) reason = "it has more than 10,000 members";
            const auto& name = parsed.get_ref<const std::string&>();
            if (!names.back().insert(name).second) reason = "a member is there twice: " + name;
        }
        if (event == Event::value && ++members > k_max_members) {
            reason = "it has more than 10,000 members";
        }
        return true;
    };
    into = json::parse(body, watch, false);
    if (reason.empty() && into.is_discarded()) reason = "it is not JSON";
    if (reason.empty() && !into.is_object()) reason = "it is not an object";
    return reason;
}

}  // namespace

struct JsonBody::Read {
    std::unique_ptr<json> value = std::make_unique<json>();
    std::vector<FieldError> errors;
    std::string malformed;  // not JSON, or beyond the limits
};

const json* JsonMembers::find(std::string_view name) const {
    const auto found = json_->find(name);
    return found == json_->end() || found->is_null() ? nullptr : &*found;
}

void JsonMembers::only(std::initializer_list<std::string_view> members) {
    for (const auto& [name, value] : json_->items()) {
        const std::string_view found = name;
        if (std::find(members.begin(), members.end(), found) != members.end()) continue;
        std::string known;
        for (const auto member : members)
            known += (known.empty() ? "" : ", ") + std::string{member};
        wrong(name, "is not known here; there are " + known);
    }
}

bool JsonMembers::has(std::string_view name) const {
    return json_->contains(name);
}

std::string JsonMembers::text(std::string_view name) {
    if (!json_->contains(name)) {
        wrong(name, "is missing");
        return {};
    }
    if (find(name) == nullptr) wrong(name, "must be a text");
    return optional_text(name);
}

std::string JsonMembers::optional_text(std::string_view name) {
    const json* found = find(name);
    if (found == nullptr) return {};
    if (found->is_string()) return found->get<std::string>();
    wrong(name, "must be a text");
    return {};
}

std::vector<std::string> JsonMembers::texts(std::string_view name) {
    const auto found = json_->find(name);
    if (found == json_->end()) return {};
    const auto is_text = [](const json& value) { return value.is_string(); };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
        wrong(name, "must be an array of texts");
        return {};
    }
    return found->get<std::vector<std::string>>();
}

std::optional<double> JsonMembers::number(std::string_view name) {
    const json* found = find(name);
    if (found == nullptr) return std::nullopt;
    if (found->is_number()) return found->get<double>();
    wrong(name, "must be a number");
    return std::nullopt;
}

std::optional<bool> JsonMembers::boolean(std::string_view name) {
    const json* found = find(name);
    if (found == nullptr) return std::nullopt;
    if (found->is_boolean()) return found->get<bool>();
    wrong(name, "must be true or false");
    return std::nullopt;
}

std::optional<Timestamp> JsonMembers::time(std::string_view name) {
    const json* found = find(name);
    if (found == nullptr) return std::nullopt;
    if (found->is_string()) {
        if (const auto time = parse_iso8601(found->get_ref<const std::string&>())) return time;
    }
    wrong(name, "must be an ISO 8601 time such as 2025-12-09T10:30:00Z");
    return std::nullopt;
}

std::vector<JsonMembers> JsonMembers::objects(std::string_view name, std::size_t most) {
    const json* found = find(name);
    if (found == nullptr) return {};
    const auto is_object = [](const json& value) { return value.is_object(); };
    if (!found->is_array() || found->size() > most ||
        !std::all_of(found->begin(), found->end(), is_object)) {
        wrong(name, "must be an array of at most " + std::to_string(most) + " objects");
        return {};
    }
    std::vector<JsonMembers> objects;
    for (const json& object : *found) {
        const auto place = "[" + std::to_string(objects.size()) + "].";
        objects.emplace_back(object, path_ + std::string{name} + place, *errors_);
    }
    return objects;
}

void JsonMembers::wrong(std::string_view field, std::string_view detail) {
    errors_->push_back({path_ + std::string{field}, std::string{detail}});
}

JsonBody::JsonBody(std::string_view body, std::initializer_list<std::string_view> members)
    : JsonBody{
          [body] {
              auto made = std::make_unique<Read>();
              made->malformed = read(body, *made->value);
              if (!made->malformed.empty()) *made->value = json::object();
              return made;
          }(),
          members} {}

JsonBody::JsonBody(std::unique_ptr<Read> read, std::initializer_list<std::string_view> members)
    : JsonMembers{*read->value, {}, read->errors}, read_{std::move(read)} {
    only(members);
}

JsonBody::~JsonBody() = default;

bool JsonBody::finish(const Call& call, Response& response) const {
    if (!read_->malformed.empty()) {
        set_problem(
            response, 400, "the body can't be read: " + read_->malformed, call.request.path
        );
        return false;
    }
    if (read_->errors.empty()) return true;
    std::string detail = "the body is not valid:";
    for (const FieldError& error : read_->errors)
        detail += " " + error.field + " " + error.detail + ";";
    detail.pop_back();
    set_problem(response, 422, detail, call.request.path, read_->errors);
    return false;
}

}  // namespace modax::http
