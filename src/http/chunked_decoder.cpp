#include "http/chunked_decoder.hpp"

#include <algorithm>

namespace modax::http {
namespace {

constexpr std::size_t k_max_overhead = 16 * 1024;  // extensions and trailers

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

ChunkedDecoder::State ChunkedDecoder::feed(
    std::string_view& input, std::string& body, std::size_t max_body
) {
    while (!input.empty()) {
        if (part_ == Part::data) {
            const auto count = std::min<std::uint64_t>(left_, input.size());
            if (body.size() + left_ > max_body) return State::too_large;
            body.append(input.substr(0, count));
            input.remove_prefix(count);
            left_ -= count;
            if (left_ == 0) part_ = Part::data_cr;
            continue;
        }
        const char c = input.front();
        input.remove_prefix(1);
        if (const auto state = take(c); state != State::incomplete) return state;
    }
    return State::incomplete;
}

ChunkedDecoder::State ChunkedDecoder::take(char c) {
    switch (part_) {
        case Part::size:
        case Part::extension:
        case Part::size_line_end:
            return take_size(c);
        case Part::data_cr:
            part_ = Part::data_lf;
            return c == '\r' ? State::incomplete : State::malformed;
        case Part::data_lf:
            part_ = Part::size;
            digits_ = 0;
            return c == '\n' ? State::incomplete : State::malformed;
        default:
            return take_trailer(c);
    }
}

ChunkedDecoder::State ChunkedDecoder::take_size(char c) {
    if (part_ == Part::size_line_end) {
        if (c != '\n') return State::malformed;
        part_ = left_ == 0 ? Part::trailer : Part::data;
        trailer_line_ = 0;
        return State::incomplete;
    }
    if (c == '\r') {
        part_ = Part::size_line_end;
        return digits_ > 0 ? State::incomplete : State::malformed;
    }
    if (part_ == Part::extension) {
        const bool valid = static_cast<unsigned char>(c) >= 0x20 || c == '\t';
        return valid && ++overhead_ <= k_max_overhead ? State::incomplete : State::malformed;
    }
    if (c == ';' && digits_ > 0) {
        part_ = Part::extension;
        return State::incomplete;
    }
    const int digit = hex_digit(c);
    if (digit < 0 || digits_ == 8) return State::malformed;
    left_ = (digits_ == 0 ? 0 : left_ * 16) + static_cast<std::uint64_t>(digit);
    ++digits_;
    return State::incomplete;
}

ChunkedDecoder::State ChunkedDecoder::take_trailer(char c) {
    if (++overhead_ > k_max_overhead) return State::malformed;
    if (after_cr_) {
        after_cr_ = false;
        if (c != '\n') return State::malformed;
        if (trailer_line_ == 0) return State::complete;
        trailer_line_ = 0;
        return State::incomplete;
    }
    if (c == '\r') {
        after_cr_ = true;
    } else if (c == '\n') {
        return State::malformed;
    } else {
        ++trailer_line_;
    }
    return State::incomplete;
}

}  // namespace modax::http
