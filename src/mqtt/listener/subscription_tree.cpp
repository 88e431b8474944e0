#include "mqtt/listener/subscription_tree.hpp"

#include "mqtt/codec/topic.hpp"

#include <algorithm>

namespace modax::mqtt {

struct SubscriptionTree::Node {
    std::map<std::string, Node, std::less<>> children;
    std::vector<Subscription> subscriptions;
    std::map<std::string, SharedGroup, std::less<>> groups;

    bool empty() const { return children.empty() && subscriptions.empty() && groups.empty(); }
};

namespace {

auto find_session(std::vector<Subscription>& subscriptions, const Session& session) {
    return std::find_if(
        subscriptions.begin(),
        subscriptions.end(),
        [&session](const Subscription& subscription) { return subscription.session == &session; }
    );
}

// True: it is a new one.
bool put(std::vector<Subscription>& subscriptions, const Subscription& subscription) {
    const auto place = find_session(subscriptions, *subscription.session);
    if (place == subscriptions.end()) {
        subscriptions.push_back(subscription);
        return true;
    }
    *place = subscription;
    return false;
}

bool erase(std::vector<Subscription>& subscriptions, const Session& session) {
    const auto place = find_session(subscriptions, session);
    if (place == subscriptions.end()) return false;
    subscriptions.erase(place);
    return true;
}

}  // namespace

SubscriptionTree::SubscriptionTree() : root_{std::make_unique<Node>()} {}
SubscriptionTree::~SubscriptionTree() = default;

SubscriptionTree::Node& SubscriptionTree::node_of(std::string_view filter) {
    Node* node = root_.get();
    bool last = false;
    while (!last) {
        const auto level = take_level(filter, last);
        auto child = node->children.find(level);
        if (child == node->children.end()) {
            child = node->children.emplace(std::string{level}, Node{}).first;
        }
        node = &child->second;
    }
    return *node;
}

SubscriptionTree::Node* SubscriptionTree::find(std::string_view filter) {
    Node* node = root_.get();
    bool last = false;
    while (!last) {
        const auto child = node->children.find(take_level(filter, last));
        if (child == node->children.end()) return nullptr;
        node = &child->second;
    }
    return node;
}

bool SubscriptionTree::add(std::string_view filter, const Subscription& subscription) {
    ++version_;
    bool added = false;
    if (const auto shared = parse_shared(filter)) {
        auto& group = node_of(shared->filter).groups[std::string{shared->group}];
        added = put(group.members, subscription);
    } else {
        added = put(node_of(filter).subscriptions, subscription);
    }
    if (added) ++size_;
    return added;
}

bool SubscriptionTree::remove(std::string_view filter, const Session& session) {
    const auto shared = parse_shared(filter);
    const std::string_view plain = shared ? shared->filter : filter;
    Node* node = find(plain);
    if (node == nullptr) return false;
    if (shared) {
        const auto group = node->groups.find(shared->group);
        if (group == node->groups.end() || !erase(group->second.members, session)) return false;
        if (group->second.members.empty()) node->groups.erase(group);
    } else if (!erase(node->subscriptions, session)) {
        return false;
    }
    prune(*root_, plain);
    ++version_;
    --size_;
    return true;
}

// Removes the branch of a filter as far as it is empty; true when `node` itself is.
bool SubscriptionTree::prune(Node& node, std::string_view rest) {
    bool last = false;
    const auto child = node.children.find(take_level(rest, last));
    if (child != node.children.end() &&
        (last ? child->second.empty() : prune(child->second, rest))) {
        node.children.erase(child);
    }
    return node.empty();
}

void SubscriptionTree::collect(Node& node, Matches& matches) {
    matches.direct.insert(
        matches.direct.end(), node.subscriptions.begin(), node.subscriptions.end()
    );
    for (auto& [name, group] : node.groups) matches.shared.push_back(&group);
}

void SubscriptionTree::match(std::string_view topic, Matches& matches) {
    match(*root_, topic, true, matches);
}

void SubscriptionTree::match(Node& node, std::string_view rest, bool first, Matches& matches) {
    const bool hidden = first && rest.starts_with('$');  // section 4.7.2
    bool last = false;
    const auto level = take_level(rest, last);
    const auto descend = [&](std::string_view name) {
        const auto child = node.children.find(name);
        if (child == node.children.end()) return;
        if (!last) {
            match(child->second, rest, false, matches);
            return;
        }
        collect(child->second, matches);
        // "a/#" matches "a", too.
        const auto below = child->second.children.find("#");
        if (below != child->second.children.end()) collect(below->second, matches);
    };
    descend(level);
    if (hidden) return;
    descend("+");
    const auto all = node.children.find("#");
    if (all != node.children.end()) collect(all->second, matches);
}

}  // namespace modax::mqtt
