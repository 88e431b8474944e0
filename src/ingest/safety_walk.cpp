#include "ingest/safety_walk.hpp"

#include "ingest/decoder.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace modax::ingest {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct SafetyField {
    std::string_view name;
    bool SafetyStatus::*member;
};
constexpr std::array<SafetyField, 4> k_safety_fields{
    {{"emergency_stop", &SafetyStatus::emergency_stop},
     {"door_closed", &SafetyStatus::door_closed},
     {"overload_detected", &SafetyStatus::overload_detected},
     {"temperature_ok", &SafetyStatus::temperature_ok}}};

tl::unexpected<Refusal> twice(std::string_view name) {
    return refuse(Reason::duplicate_key, shown(name) + " is there twice");
}

}  // namespace

Checked SafetyWalk::walk(object object, SafetyStatus& status, Origin& origin) {
    members_ = 0;
    names_.resize(k_max_depth + 1);
    names_[0].clear();
    std::array<bool, k_safety_fields.size()> present{};
    for (const auto member : object) {
        if (auto counted = count_member(); !counted) return counted;
        names_[0].add(member.key);
        auto of_origin = origin.take(field_of(member.key), member.key, member.value);
        if (!of_origin) return tl::make_unexpected(std::move(of_origin.error()));
        if (*of_origin) continue;
        std::size_t i = 0;
        while (i < k_safety_fields.size() && k_safety_fields[i].name != member.key) ++i;
        if (i == k_safety_fields.size()) {
            if (auto checked = check_ignored(member.value, 1); !checked) return checked;
            continue;
        }
        if (member.value.is_null()) continue;
        if (member.value.get(status.*k_safety_fields[i].member) != SUCCESS) {
            return wrong_type(member.key, member.value, "a boolean");
        }
        present[i] = true;
    }
    if (const auto name = names_[0].duplicate()) return twice(*name);
    for (std::size_t i = 0; i < present.size(); ++i) {
        if (!present[i]) {
            return refuse(Reason::missing_field, shown(k_safety_fields[i].name) + " is missing");
        }
    }
    return {};
}

Checked SafetyWalk::check_ignored(element value, std::size_t depth) {
    if (depth > k_max_depth) return refuse(Reason::too_deep, "nested deeper than 32 levels");
    if (array elements; value.get(elements) == SUCCESS) {
        for (const element inner : elements) {
            if (auto counted = count_member(); !counted) return counted;
            if (auto checked = check_ignored(inner, depth + 1); !checked) return checked;
        }
        return {};
    }
    object members;
    if (value.get(members) != SUCCESS) return {};
    names_[depth].clear();
    for (const auto member : members) {
        if (auto counted = count_member(); !counted) return counted;
        names_[depth].add(member.key);
        if (auto checked = check_ignored(member.value, depth + 1); !checked) return checked;
    }
    if (const auto name = names_[depth].duplicate()) return twice(*name);
    return {};
}

Checked SafetyWalk::count_member() {
    if (++members_ <= k_max_members) return {};
    return refuse(Reason::too_many_members, "at most 10,000 members and elements in all");
}

}  // namespace modax::ingest
