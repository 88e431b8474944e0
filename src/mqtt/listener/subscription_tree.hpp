// All subscriptions by topic filter, as a tree of levels. Finding who gets a message costs as much
// as the topic has levels, however many subscriptions there are. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace modax::mqtt {

class Session;

struct Subscription {
    Session* session = nullptr;
    std::uint8_t options = 0;      // section 3.8.3.1
    std::uint32_t identifier = 0;  // 0: none
    std::uint8_t qos() const { return options & 0x03U; }
    bool no_local() const { return (options & 0x04U) != 0; }
    bool retain_as_published() const { return (options & 0x08U) != 0; }
};

// The members of `$share/group/filter`; each message goes to one of them.
struct SharedGroup {
    std::vector<Subscription> members;
    std::size_t next = 0;
};

struct Matches {
    std::vector<Subscription> direct;
    std::vector<SharedGroup*> shared;
    bool empty() const { return direct.empty() && shared.empty(); }
    void clear() {
        direct.clear();
        shared.clear();
    }
};

class SubscriptionTree {
public:
    SubscriptionTree();
    SubscriptionTree(const SubscriptionTree&) = delete;
    SubscriptionTree& operator=(const SubscriptionTree&) = delete;
    ~SubscriptionTree();

    // `filter` is valid and may be shared. Replaces the session's subscription to the same filter.
    // True: it is a new one.
    bool add(std::string_view filter, const Subscription& subscription);
    // False: there was none.
    bool remove(std::string_view filter, const Session& session);
    // Adds what matches a valid topic name to `matches`. SharedGroup pointers are good until the
    // next add() or remove().
    void match(std::string_view topic, Matches& matches);

    std::size_t size() const { return size_; }
    // Rises with every change, so that callers can keep what they matched.
    std::uint64_t version() const { return version_; }

private:
    struct Node;
    static void match(Node& node, std::string_view rest, bool first, Matches& matches);
    static void collect(Node& node, Matches& matches);
    static bool prune(Node& node, std::string_view rest);
    Node& node_of(std::string_view filter);
    Node* find(std::string_view filter);

    std::unique_ptr<Node> root_;
    std::size_t size_ = 0;
    std::uint64_t version_ = 0;
};

}  // namespace modax::mqtt
