// What is usual for each key and user, as security wrote it down.
#include "landing/store_state.hpp"

namespace modax::landing {

Result<std::vector<AccessProfileText>> Store::access_profiles() const {
    return state_->read_all<AccessProfileText>(
        "SELECT actor, profile FROM access_profiles",
        [](const Statement& row) {
            return AccessProfileText{std::string{row.text(0)}, std::string{row.text(1)}};
        }
    );
}

Status Store::save_access_profiles(std::span<const AccessProfileText> profiles) {
    return state_->change_with_audit({}, [&](Connection& connection) -> Status {
        Statement row;
        auto prepared = connection.prepare(
            row, "INSERT OR REPLACE INTO access_profiles(actor, profile) VALUES(?1, ?2)"
        );
        if (!prepared) return prepared;
        for (const auto& [actor, text] : profiles) {
            row.bind(1, std::string_view{actor}).bind(2, std::string_view{text});
            if (row.run() == Step::failed) {
                return tl::make_unexpected(connection.failure("save what is usual for " + actor));
            }
        }
        return {};
    });
}

}  // namespace modax::landing
