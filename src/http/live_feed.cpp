#include "http/live_feed.hpp"

#include "http/io_thread.hpp"
#include "http/websocket_frame.hpp"
#include "live/hub.hpp"

#include <algorithm>
#include <utility>

namespace modax::http {

namespace {
// Small enough that a client's limits mean something, large enough for few writes.
constexpr std::size_t k_block_bytes = 64 * 1024;
}  // namespace

LiveFeed::LiveFeed(IoThread& thread) : thread_{thread} {}

LiveFeed::~LiveFeed() = default;

void LiveFeed::join(LiveClient& client, const LiveFilter& filter) {
    auto& group = groups_[filter.identity()];
    if (!group) {
        group = std::make_unique<Group>();
        group->filter = filter;
    }
    group->clients.push_back(&client);
    group_of_[&client] = group.get();
    if (subscription_) return;
    last_sequence_ = 0;
    live::SubscriptionOptions options;
    options.name = "websocket";
    options.notify = [this] { boost::asio::post(thread_.context(), [this] { drain(); }); };
    subscription_ = thread_.services().dependencies.hub.subscribe(std::move(options));
}

void LiveFeed::leave(LiveClient& client) {
    const auto found = group_of_.find(&client);
    if (found == group_of_.end()) return;
    Group* group = found->second;
    group_of_.erase(found);
    // A group may be handing out right now: the place is emptied, and tidied up there.
    std::replace(
        group->clients.begin(), group->clients.end(), &client, static_cast<LiveClient*>(nullptr)
    );
}

void LiveFeed::notify(std::string_view kind, std::string_view json, const Device* device) {
    std::string text = "{\"type\":\"";
    text.append(kind).append("\",\"data\":").append(json) += '}';
    std::string frame;
    append_frame(frame, Opcode::text, text);
    for (const auto& [identity, group] : groups_) {
        const auto& wanted = group->filter.notices;
        if (std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) continue;
        if (device != nullptr && !group->filter.wants(*device)) continue;
        for (std::size_t i = 0; i < group->clients.size(); ++i) {
            LiveClient* client = group->clients[i];
            if (client != nullptr) client->on_notice(frame);
        }
    }
}

void LiveFeed::close() {
    subscription_.reset();
}

void LiveFeed::drain() {
    if (!subscription_) return;
    const auto taken = subscription_->take();
    if (taken.batches.empty()) return;
    const std::uint64_t first = taken.batches.front()->events.front().stream_sequence();
    const bool lost = taken.dropped_events > 0 && last_sequence_ > 0 && first > last_sequence_ + 1;
    for (const auto& [identity, group] : groups_) {
        if (lost) {
            for (std::size_t i = 0; i < group->clients.size(); ++i) {
                LiveClient* client = group->clients[i];
                if (client != nullptr) client->on_gap(last_sequence_ + 1, first - 1);
            }
        }
        send(*group, taken.batches);
    }
    last_sequence_ = taken.batches.back()->events.back().stream_sequence();
    for (auto& [identity, group] : groups_) {
        std::erase(group->clients, static_cast<LiveClient*>(nullptr));
    }
    std::erase_if(groups_, [](const auto& entry) { return entry.second->clients.empty(); });
    if (groups_.empty()) subscription_.reset();
}

void LiveFeed::send(Group& group, std::span<const std::shared_ptr<const StoredBatch>> batches) {
    auto block = std::make_shared<FrameBlock>();
    for (const auto& batch : batches) {
        for (const LiveEvent& event : batch->events) {
            if (!group.filter.wants_kind(event)) continue;
            const auto [entry, added] = group.wanted.try_emplace(&event.device(), false);
            if (added) entry->second = group.filter.wants(event.device());
            if (!entry->second) continue;
            append_event(*block, event, group.filter);
            if (block->bytes.size() >= k_block_bytes) hand_out(group, block);
        }
    }
    hand_out(group, block);
}

void LiveFeed::hand_out(Group& group, std::shared_ptr<FrameBlock>& block) {
    if (block->events.empty()) return;
    const std::shared_ptr<const FrameBlock> shared =
        std::exchange(block, std::make_shared<FrameBlock>());
    for (std::size_t i = 0; i < group.clients.size(); ++i) {
        LiveClient* client = group.clients[i];
        if (client != nullptr) client->on_events(shared);
    }
}

}  // namespace modax::http
