// Rows in the binary format of COPY (PostgreSQL manual, COPY, "Binary Format"): the server need not
// parse numbers and times. One thread.
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace modax::store {

class CopyRows {
public:
    CopyRows();

    // Begins a row; exactly `fields` values follow.
    void row(int fields);
    void null();
    void text(std::string_view value);
    void text_or_null(std::string_view value);  // empty: NULL
    void json(std::string_view value);          // for jsonb
    void number(double value);                  // double precision; NaN: NULL
    void number(std::optional<double> value);
    void flag(bool value);
    void flag(std::optional<bool> value);
    void integer(std::int64_t value);   // bigint
    void position(std::int32_t value);  // integer
    void time(Timestamp value);         // timestamptz
    void time(std::optional<Timestamp> value);

    std::size_t count() const { return count_; }
    bool empty() const { return count_ == 0; }
    // All of it, ended. Nothing can be added any more.
    std::string_view finish();

private:
    template <typename Unsigned>
    void put(Unsigned value);

    std::string bytes_;
    std::size_t count_ = 0;
};

}  // namespace modax::store
