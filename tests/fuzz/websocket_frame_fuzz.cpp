// WebSocket frames from a client, one after the other (RFC 6455 section 5): what is accepted is
// masked, within the limit, and stays inside the input.
#include "http/websocket_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace modax::http;
    constexpr std::size_t k_max_payload = 65'536;
    std::string input{reinterpret_cast<const char*>(data), size};
    std::size_t begin = 0;
    while (begin < input.size()) {
        const auto second =
            input.size() - begin > 1 ? static_cast<unsigned char>(input[begin + 1]) : 0;
        const auto parse =
            parse_client_frame(input.data() + begin, input.size() - begin, k_max_payload);
        require(!(parse.frame && parse.refusal));
        if (!parse.frame) break;
        const ClientFrame& frame = *parse.frame;
        require((second & 0x80U) != 0);
        require(frame.size >= 6 && frame.size <= input.size() - begin);
        require(frame.payload.size() <= k_max_payload);
        require(frame.payload.data() + frame.payload.size() <= input.data() + begin + frame.size);
        const bool control = (static_cast<unsigned>(frame.opcode) & 8U) != 0;
        if (control) require(frame.final && frame.payload.size() <= 125);
        begin += frame.size;
    }
    (void)websocket_accept({reinterpret_cast<const char*>(data), size});
    return 0;
}
