#include "ingest/refusal.hpp"

#include "core/flat_json.hpp"

namespace modax::ingest {

std::string shown(std::string_view text) {
    constexpr std::size_t k_limit = 64;
    const bool cut = text.size() > k_limit;
    if (cut) {
        std::size_t size = k_limit;
        // Not in the middle of a UTF-8 character.
        while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
        text = text.substr(0, size);
    }
    std::string out;
    append_json_string(out, text);
    if (cut) out += "…";
    return out;
}

}  // namespace modax::ingest
