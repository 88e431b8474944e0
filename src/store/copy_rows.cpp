#include "store/copy_rows.hpp"

#include <bit>
#include <cmath>

namespace modax::store {
namespace {

// From 1970 to 2000, where PostgreSQL counts from.
constexpr std::int64_t k_epoch_micros = 946'684'800'000'000;
constexpr std::string_view k_signature{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19};
constexpr auto k_null = static_cast<std::uint32_t>(-1);

}  // namespace

CopyRows::CopyRows() : bytes_{k_signature} {}

// In network byte order.
template <typename Unsigned>
void CopyRows::put(Unsigned value) {
    for (int shift = (sizeof(Unsigned) - 1) * 8; shift >= 0; shift -= 8) {
        bytes_ +=
            static_cast<char>(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
    }
}

void CopyRows::row(int fields) {
    ++count_;
    put(static_cast<std::uint16_t>(fields));
}

void CopyRows::null() {
    put(k_null);
}

void CopyRows::text(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
}

void CopyRows::text_or_null(std::string_view value) {
    if (value.empty()) return null();
    text(value);
}

void CopyRows::json(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size() + 1));
    bytes_ += '\1';  // version of the format
    bytes_ += value;
}

void CopyRows::number(double value) {
    if (std::isnan(value)) return null();
    put(std::uint32_t{8});
    put(std::bit_cast<std::uint64_t>(value));
}

void CopyRows::number(std::optional<double> value) {
    if (!value) return null();
    number(*value);
}

void CopyRows::flag(bool value) {
    put(std::uint32_t{1});
    bytes_ += value ? '\1' : '\0';
}

void CopyRows::flag(std::optional<bool> value) {
    if (!value) return null();
    flag(*value);
}

void CopyRows::integer(std::int64_t value) {
    put(std::uint32_t{8});
    put(static_cast<std::uint64_t>(value));
}

void CopyRows::position(std::int32_t value) {
    put(std::uint32_t{4});
    put(static_cast<std::uint32_t>(value));
}

void CopyRows::time(Timestamp value) {
    integer(to_micros(value) - k_epoch_micros);
}

void CopyRows::time(std::optional<Timestamp> value) {
    if (!value) return null();
    time(*value);
}

std::string_view CopyRows::finish() {
    put(static_cast<std::uint16_t>(-1));
    return bytes_;
}

}  // namespace modax::store
