// The state of the models as bytes: little-endian, in the order of the members, so that a model
// that was read back goes on bit for bit. A type takes part by a member `archive(A&)` that names
// its members once, for writing and for reading.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace modax::analysis {

static_assert(std::endian::native == std::endian::little, "states are kept little-endian");

template <class T>
concept PlainState = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class StateWriter {
public:
    template <class... Members>
    void operator()(Members&... members) {
        (put(members), ...);
    }
    std::string take() { return std::move(out_); }

private:
    template <PlainState T>
    void put(T& value) {
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void put(std::string& text) { put_all(text); }
    template <class T>
    void put(std::vector<T>& all) {
        put_all(all);
    }
    template <class T, std::size_t Size>
    void put(std::array<T, Size>& all) {
        for (T& one : all) put(one);
    }
    template <class T>
    requires requires(T& value, StateWriter& writer) { value.archive(writer); }
    void put(T& value) { value.archive(*this); }
    template <class Container>
    void put_all(Container& all) {
        auto size = static_cast<std::uint32_t>(all.size());
        put(size);
        for (auto& one : all) put(one);
    }

    std::string out_;
};

// Reads what a StateWriter wrote. Never beyond the end: then ok() is false and values stay.
class StateReader {
public:
    static constexpr std::uint32_t k_max_items = 1U << 16U;

    explicit StateReader(std::string_view in) : in_{in} {}

    template <class... Members>
    void operator()(Members&... members) {
        (get(members), ...);
    }
    bool ok() const { return ok_; }
    // All was read, and nothing is left.
    bool complete() const { return ok_ && in_.empty(); }

private:
    template <PlainState T>
    void get(T& value) {
        if (!ok_ || in_.size() < sizeof value) {
            ok_ = false;
            return;
        }
        if constexpr (std::is_same_v<T, bool>) {
            value = in_.front() != 0;
        } else {
            std::memcpy(&value, in_.data(), sizeof value);
        }
        in_.remove_prefix(sizeof value);
    }
    void get(std::string& text) { get_all(text); }
    template <class T>
    void get(std::vector<T>& all) {
        get_all(all);
    }
    template <class T, std::size_t Size>
    void get(std::array<T, Size>& all) {
        for (T& one : all) get(one);
    }
    template <class T>
    requires requires(T& value, StateReader& reader) { value.archive(reader); }
    void get(T& value) { value.archive(*this); }
    template <class Container>
    void get_all(Container& all) {
        std::uint32_t size = 0;
        get(size);
        // A wrong size must not ask for memory that the bytes can't fill.
        if (!ok_ || size > k_max_items || size > in_.size()) {
            ok_ = false;
            return;
        }
        all.resize(size);
        for (auto& one : all) get(one);
    }

    std::string_view in_;
    bool ok_ = true;
};

}  // namespace modax::analysis
