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

JsonBody::JsonBody(std::string_view body, std::initializer_list<std::string_view> members)
    : json_{std::make_unique<json>()} {
    malformed_ = read(body, *json_);
    if (!malformed_.empty()) {
        *json_ = json::object();
        return;
    }
    for (const auto& [name, value] : json_->items()) {
        const std::string_view found = name;
        if (std::find(members.begin(), members.end(), found) != members.end()) continue;
        std::string known;
        for (const auto member : members)
            known += (known.empty() ? "" : ", ") + std::string{member};
        wrong(name, "is not known here; there are " + known);
    }
}

JsonBody::~JsonBody() = default;

bool JsonBody::has(std::string_view name) const {
    return json_->contains(name);
}

std::string JsonBody::text(std::string_view name) {
    const auto found = json_->find(name);
    if (found == json_->end()) {
        if (malformed_.empty()) wrong(name, "is missing");
        return {};
    }
    if (!found->is_string()) {
        wrong(name, "must be a text");
        return {};
    }
    return found->get<std::string>();
}

std::vector<std::string> JsonBody::texts(std::string_view name) {
    const auto found = json_->find(name);
    if (found == json_->end()) return {};
    const auto is_text = [](const json& value) { return value.is_string(); };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text)) {
        wrong(name, "must be an array of texts");
        return {};
    }
    return found->get<std::vector<std::string>>();
}

void JsonBody::wrong(std::string_view field, std::string_view detail) {
    errors_.push_back({std::string{field}, std::string{detail}});
}

bool JsonBody::finish(const Call& call, Response& response) const {
    if (!malformed_.empty()) {
        set_problem(response, 400, "the body can't be read: " + malformed_, call.request.path);
        return false;
    }
    if (errors_.empty()) return true;
    std::string detail = "the body is not valid:";
    for (const FieldError& error : errors_) detail += " " + error.field + " " + error.detail + ";";
    detail.pop_back();
    set_problem(response, 422, detail, call.request.path, errors_);
    return false;
}

}  // namespace modax::http
