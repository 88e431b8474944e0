// Stored events on their way to the WebSocket clients of one I/O thread: taken from the Hub,
// encoded once per filter, handed to each client. Only on its I/O thread.
#pragma once

#include "http/frame_block.hpp"
#include "http/live_request.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace modax::live {
class Subscription;
}

namespace modax {
struct StoredBatch;
}

namespace modax::http {

class IoThread;

// A client. Must leave() before it is destroyed.
class LiveClient {
public:
    virtual ~LiveClient() = default;
    virtual void on_events(const std::shared_ptr<const FrameBlock>& block) = 0;
    // The gateway itself was too slow; these events come no more.
    virtual void on_gap(std::uint64_t from, std::uint64_t to) = 0;
    virtual void on_notice(const std::string& frame) = 0;
};

class LiveFeed {
public:
    explicit LiveFeed(IoThread& thread);
    LiveFeed(const LiveFeed&) = delete;
    LiveFeed& operator=(const LiveFeed&) = delete;
    ~LiveFeed();

    // From now on every event that is stored.
    void join(LiveClient& client, const LiveFilter& filter);
    void leave(LiveClient& client);
    // To those who asked for the kind and, when it is not null, see the device.
    void notify(std::string_view kind, std::string_view json, const Device* device);
    void close();

private:
    struct Group {
        LiveFilter filter;
        std::unordered_map<const Device*, bool> wanted;
        std::vector<LiveClient*> clients;
    };

    void drain();
    void send(Group& group, std::span<const std::shared_ptr<const StoredBatch>> batches);
    static void hand_out(Group& group, std::shared_ptr<FrameBlock>& block);

    IoThread& thread_;
    std::map<std::string, std::unique_ptr<Group>> groups_;
    std::unordered_map<LiveClient*, Group*> group_of_;
    std::uint64_t last_sequence_ = 0;
    std::unique_ptr<live::Subscription> subscription_;  // while there are clients
};

}  // namespace modax::http
