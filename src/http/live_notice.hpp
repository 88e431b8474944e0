// What WebSocket clients get besides stored events, when they ask for its kind and their key has
// the scope: unusual access, analyses, and what happens to orders, lots and equipment.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace modax::http {

struct NoticeKind {
    std::string_view name;   // in ?kinds= and in "type"
    std::string_view scope;  // that a key needs for it, besides that of the route
    bool of_device = false;  // each tells of one device, so the filters for devices hold for it
};

inline constexpr std::array k_notice_kinds{
    NoticeKind{"security", "audit:read"},
    NoticeKind{"analysis", "readings:read", true},
    NoticeKind{"production", "production:read"},
    NoticeKind{"quality", "quality:read"},
    NoticeKind{"equipment", "equipment:read"},
};

// nullptr: there is no such kind.
inline const NoticeKind* find_notice_kind(std::string_view name) {
    const auto* found =
        std::find_if(k_notice_kinds.begin(), k_notice_kinds.end(), [&](const NoticeKind& kind) {
            return kind.name == name;
        });
    return found == k_notice_kinds.end() ? nullptr : found;
}

}  // namespace modax::http
