#include "opcua/sessions.hpp"

#include <utility>

namespace modax::opcua {

const SessionContext* Sessions::open(SessionContext context) {
    const std::lock_guard lock{mutex_};
    auto& slot = sessions_[context.session.id];
    slot = std::make_unique<SessionContext>(std::move(context));
    return slot.get();
}

std::unique_ptr<SessionContext> Sessions::close(const std::string& id) {
    const std::lock_guard lock{mutex_};
    auto node = sessions_.extract(id);
    return node.empty() ? nullptr : std::move(node.mapped());
}

std::vector<SessionContext> Sessions::all() const {
    const std::lock_guard lock{mutex_};
    std::vector<SessionContext> listed;
    listed.reserve(sessions_.size());
    for (const auto& [id, context] : sessions_) listed.push_back(*context);
    return listed;
}

std::size_t Sessions::size() const {
    const std::lock_guard lock{mutex_};
    return sessions_.size();
}

}  // namespace modax::opcua
