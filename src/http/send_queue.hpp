// What waits to be sent to one WebSocket client, bounded: above the soft limit only the newest
// event of each device is kept, and the client is told which events it did not get (PROMISES P6).
// Only on the client's I/O thread.
#pragma once

#include "http/frame_block.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::http {

class SendQueue {
public:
    explicit SendQueue(std::size_t soft_limit) : soft_limit_{soft_limit} {}

    // Events as they come. Returns how many were left out for it.
    std::size_t push(const std::shared_ptr<const FrameBlock>& block);
    // Events that are not conflated (a replay, which waits for the client itself).
    void push_whole(std::shared_ptr<const FrameBlock> block);
    // A frame of its own, before the events that are not being sent yet.
    void push_frame(std::string frame);
    // Events left out elsewhere.
    void push_gap(std::uint64_t from, std::uint64_t to);
    void drop_all();

    bool empty() const { return frames_.empty() && blocks_.empty() && latest_.empty(); }
    std::size_t bytes() const { return bytes_; }
    // The next parts to write, about k_write_bytes; they stay until sent(). Empty when there is
    // nothing.
    const std::vector<std::string_view>& next();
    void sent();

    static constexpr std::size_t k_write_bytes = 256 * 1024;
    static constexpr std::size_t k_max_parts = 64;

private:
    struct Latest {
        std::uint64_t sequence = 0;
        std::string frame;
    };

    std::size_t conflate(const FrameBlock& block);
    void release_latest();

    std::size_t soft_limit_;
    std::deque<std::string> frames_;
    std::deque<std::shared_ptr<const FrameBlock>> blocks_;
    std::size_t bytes_ = 0;  // of all that waits, without what is being sent
    bool conflating_ = false;
    std::map<std::pair<const Device*, bool>, Latest> latest_;  // by device and "is safety"
    std::uint64_t gap_from_ = 0;
    std::uint64_t gap_to_ = 0;

    // Being sent.
    std::vector<std::string_view> parts_;
    std::vector<std::string> sending_frames_;
    std::vector<std::shared_ptr<const FrameBlock>> sending_blocks_;
};

}  // namespace modax::http
