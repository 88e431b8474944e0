// Takes a request body apart that comes in chunks (RFC 9112 section 7.1), as it comes. One per
// connection; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace modax::http {

class ChunkedDecoder {
public:
    enum class State : std::uint8_t { incomplete, complete, malformed, too_large };

    // Appends to `body` what `input` holds and moves `input` behind it. Extensions and trailers
    // are skipped within 16 KiB of them.
    State feed(std::string_view& input, std::string& body, std::size_t max_body);

private:
    enum class Part : std::uint8_t {
        size,
        extension,
        size_line_end,
        data,
        data_cr,
        data_lf,
        trailer
    };

    State take(char c);
    State take_size(char c);
    State take_trailer(char c);

    Part part_ = Part::size;
    std::uint64_t left_ = 0;  // of this chunk
    std::size_t digits_ = 0;
    std::size_t overhead_ = 0;
    std::size_t trailer_line_ = 0;  // bytes of the line so far
    bool after_cr_ = false;
};

}  // namespace modax::http
