#include "http/send_queue.hpp"

#include <algorithm>

namespace modax::http {

std::size_t SendQueue::push(const std::shared_ptr<const FrameBlock>& block) {
    if (conflating_) return conflate(*block);
    push_whole(block);
    if (bytes_ <= soft_limit_) return 0;
    conflating_ = true;
    const auto waiting = std::exchange(blocks_, {});
    std::size_t left_out = 0;
    for (const auto& late : waiting) {
        bytes_ -= late->bytes.size();
        left_out += conflate(*late);
    }
    return left_out;
}

void SendQueue::push_whole(std::shared_ptr<const FrameBlock> block) {
    if (block->events.empty()) return;
    bytes_ += block->bytes.size();
    blocks_.push_back(std::move(block));
}

void SendQueue::push_frame(std::string frame) {
    bytes_ += frame.size();
    frames_.push_back(std::move(frame));
}

void SendQueue::push_gap(std::uint64_t from, std::uint64_t to) {
    if (conflating_) {
        gap_from_ = gap_from_ == 0 ? from : std::min(gap_from_, from);
        gap_to_ = std::max(gap_to_, to);
        return;
    }
    // In its place among the events: as a block without any.
    auto notice = std::make_shared<FrameBlock>();
    append_gap_frame(notice->bytes, from, to);
    bytes_ += notice->bytes.size();
    blocks_.push_back(std::move(notice));
}

void SendQueue::drop_all() {
    frames_.clear();
    blocks_.clear();
    latest_.clear();
    bytes_ = 0;
    conflating_ = false;
    gap_from_ = gap_to_ = 0;
}

std::size_t SendQueue::conflate(const FrameBlock& block) {
    std::size_t left_out = 0;
    for (const FrameBlock::Event& event : block.events) {
        Latest& latest = latest_[{event.device, event.safety}];
        if (latest.sequence != 0) {
            ++left_out;
            bytes_ -= latest.frame.size();
            gap_from_ = gap_from_ == 0 ? latest.sequence : std::min(gap_from_, latest.sequence);
            gap_to_ = std::max(gap_to_, latest.sequence);
        }
        latest.sequence = event.sequence;
        latest.frame = block.frame(event);
        bytes_ += latest.frame.size();
    }
    return left_out;
}

void SendQueue::release_latest() {
    auto block = std::make_shared<FrameBlock>();
    if (gap_to_ != 0) append_gap_frame(block->bytes, gap_from_, gap_to_);
    std::vector<const Latest*> by_sequence;
    by_sequence.reserve(latest_.size());
    for (const auto& [key, latest] : latest_) {
        bytes_ -= latest.frame.size();
        by_sequence.push_back(&latest);
    }
    std::sort(by_sequence.begin(), by_sequence.end(), [](const Latest* a, const Latest* b) {
        return a->sequence < b->sequence;
    });
    for (const Latest* latest : by_sequence) block->bytes += latest->frame;
    bytes_ += block->bytes.size();
    blocks_.push_back(std::move(block));
    latest_.clear();
    conflating_ = false;
    gap_from_ = gap_to_ = 0;
}

const std::vector<std::string_view>& SendQueue::next() {
    std::size_t size = 0;
    for (; !frames_.empty() && sending_frames_.size() < k_max_parts; frames_.pop_front()) {
        size += frames_.front().size();
        sending_frames_.push_back(std::move(frames_.front()));
    }
    // The views come after, as the vector above moves short strings when it grows.
    for (const std::string& frame : sending_frames_) parts_.emplace_back(frame);
    if (blocks_.empty() && conflating_) release_latest();
    while (!blocks_.empty() && size < k_write_bytes && parts_.size() < k_max_parts) {
        auto& block = blocks_.front();
        size += block->bytes.size();
        parts_.emplace_back(block->bytes);
        sending_blocks_.push_back(std::move(block));
        blocks_.pop_front();
    }
    bytes_ -= size;
    return parts_;
}

void SendQueue::sent() {
    parts_.clear();
    sending_frames_.clear();
    sending_blocks_.clear();
}

}  // namespace modax::http
