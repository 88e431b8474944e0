// What the packet encoders and decoders of this folder share.
#pragma once

#include "mqtt/codec/properties.hpp"
#include "mqtt/codec/wire.hpp"

#include <string>
#include <string_view>

namespace modax::mqtt {

void put_frame(std::string& out, PacketType type, std::uint8_t flags, std::string_view body);

// Error when a read failed or something is left over; `packet` names it in the message.
Decoded<void> finish(const Reader& reader, std::string_view packet);

}  // namespace modax::mqtt
