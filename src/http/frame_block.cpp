#include "http/frame_block.hpp"

#include "core/flat_json.hpp"
#include "core/metric_selection.hpp"
#include "http/websocket_frame.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace modax::http {

void append_event(FrameBlock& block, const LiveEvent& event, const LiveFilter& filter) {
    const Reading* reading = event.reading();
    std::array<char, 20> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), event.stream_sequence());
    const std::string_view sequence{digits.data(), end.ptr};
    constexpr std::string_view k_start = "{\"seq\":";
    const std::string_view type = reading != nullptr ? ",\"type\":\"reading\",\"device_id\":\""
                                                     : ",\"type\":\"safety\",\"device_id\":\"";
    // A device id needs no escaping.
    const std::string& id = event.device().id();
    constexpr std::string_view k_data = "\",\"data\":";
    std::string selected;
    if (reading != nullptr && !filter.metrics.empty()) {
        append_selected_json(selected, *reading, filter.metrics);
    }
    const std::string& data = selected.empty() ? event.json() : selected;

    const std::size_t offset = block.bytes.size();
    append_frame_head(
        block.bytes,
        Opcode::text,
        k_start.size() + sequence.size() + type.size() + id.size() + k_data.size() + data.size() + 1
    );
    block.bytes += k_start;
    block.bytes += sequence;
    block.bytes += type;
    block.bytes += id;
    block.bytes += k_data;
    block.bytes += data;
    block.bytes += '}';
    block.events.push_back(FrameBlock::Event{
        event.stream_sequence(),
        &event.device(),
        reading == nullptr,
        offset,
        block.bytes.size() - offset});
}

void append_gap_frame(std::string& out, std::uint64_t from, std::uint64_t to) {
    append_frame(
        out,
        Opcode::text,
        "{\"gap\":{\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(to) + "}}"
    );
}

std::shared_ptr<const FrameBlock> skip_through(
    std::shared_ptr<const FrameBlock> block, std::uint64_t sequence
) {
    const auto& events = block->events;
    const auto first = std::find_if(events.begin(), events.end(), [sequence](const auto& event) {
        return event.sequence > sequence;
    });
    if (first == events.begin()) return block;
    auto rest = std::make_shared<FrameBlock>();
    if (first == events.end()) return rest;
    rest->bytes = block->bytes.substr(first->offset);
    for (auto event = first; event != events.end(); ++event) {
        rest->events.push_back(*event);
        rest->events.back().offset -= first->offset;
    }
    return rest;
}

}  // namespace modax::http
