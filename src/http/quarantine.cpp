// GET /api/v1/quarantine: messages that were no readings, newest first.
#include "core/flat_json.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"

#include <charconv>

namespace modax::http {
namespace {

constexpr std::size_t k_default_limit = 100;
constexpr std::size_t k_max_limit = 1000;
// One step reads this many, as a payload may have 64 KiB.
constexpr std::size_t k_messages_per_step = 16;

bool continuation(unsigned char byte) {
    return (byte & 0xC0U) == 0x80;
}

// Bytes of the UTF-8 sequence that `text` starts with; 0 when it is none (RFC 3629).
std::size_t utf8_size(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return 1;
    const std::size_t size = byte(0) >= 0xC2 && byte(0) <= 0xDF   ? 2
                             : byte(0) >= 0xE0 && byte(0) <= 0xEF ? 3
                             : byte(0) >= 0xF0 && byte(0) <= 0xF4 ? 4
                                                                  : 0;
    if (size == 0 || size > text.size()) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if (!continuation(byte(i))) return 0;
    }
    const bool overlong =
        (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xED && byte(1) >= 0xA0;
    const bool beyond = byte(0) == 0xF4 && byte(1) >= 0x90;
    return overlong || surrogate || beyond ? 0 : size;
}

// A payload may be anything; what is not UTF-8 is shown as U+FFFD, so that the answer is JSON.
void append_printable(std::string& out, std::string_view text) {
    std::string printable;
    printable.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        printable += size == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    append_json_string(out, printable);
}

void append_message(std::string& out, const QuarantinedMessage& quarantined) {
    const RejectedMessage& message = quarantined.message;
    out += "{\"id\":" + std::to_string(quarantined.id) + ",\"received\":\"";
    append_iso8601(out, message.received);
    out += "\",\"topic\":";
    append_printable(out, message.topic);
    out += ",\"client\":";
    append_printable(out, message.client);
    out += ",\"reason\":";
    append_printable(out, message.reason);
    out += ",\"detail\":";
    append_printable(out, message.detail);
    out += ",\"payload_size\":" + std::to_string(message.payload_size) + ",\"payload\":";
    append_printable(out, message.payload);
    out += '}';
}

class QuarantineProducer final : public BodyProducer {
public:
    QuarantineProducer(const ReadingReader& readings, std::uint64_t before, std::size_t limit)
        : readings_{readings}, before_{before}, left_{limit} {}

    Result<bool> produce(std::string& out) override {
        const std::size_t wanted = std::min(left_ + 1, k_messages_per_step);
        auto messages = readings_.quarantine(before_, wanted);
        if (!messages) return tl::make_unexpected(std::move(messages.error()));
        if (first_) out += "{\"messages\":[";
        for (const QuarantinedMessage& message : *messages) {
            if (left_ == 0) {
                out += "],\"next_cursor\":\"" + std::to_string(before_) + "\"}";
                return false;
            }
            if (!first_) out += ',';
            first_ = false;
            append_message(out, message);
            before_ = message.id;
            --left_;
        }
        first_ = false;
        if (messages->size() == wanted) return true;
        out += "],\"next_cursor\":null}";
        return false;
    }

private:
    const ReadingReader& readings_;
    std::uint64_t before_;
    std::size_t left_;
    bool first_ = true;
};

}  // namespace

void get_quarantine(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    std::size_t limit = k_default_limit;
    std::uint64_t before = 0;
    if (const auto text = query->find("limit")) {
        const auto parsed = parse_limit(*text, k_max_limit);
        if (!parsed) errors.push_back({"limit", "must be a number from 1 to 1000"});
        limit = parsed.value_or(limit);
    }
    if (const auto text = query->find("cursor")) {
        const char* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, before);
        if (parsed.ec != std::errc{} || parsed.ptr != end || before == 0) {
            errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        }
    }
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    response.producer =
        std::make_unique<QuarantineProducer>(call.services.dependencies.readings, before, limit);
}

}  // namespace modax::http
