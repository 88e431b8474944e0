// Latencies in buckets that grow by about 3 %, from 1 us to some minutes. One thread.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace modax::flood {

class Histogram {
public:
    // Negative latencies (a clock that stepped) count as 0.
    void add(std::int64_t micros) {
        ++buckets_[bucket(micros)];
        ++count_;
        if (micros > highest_) highest_ = micros;
    }
    std::uint64_t count() const { return count_; }
    std::int64_t highest() const { return highest_; }
    // Upper edge of the bucket that holds the given part (0..1) of all; 0 when empty.
    std::int64_t quantile(double part) const {
        const auto wanted =
            static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
        std::uint64_t seen = 0;
        for (std::size_t index = 0; index < buckets_.size(); ++index) {
            seen += buckets_[index];
            if (seen >= wanted && seen > 0) return upper_edge(index);
        }
        return highest_;
    }

private:
    static constexpr double k_growth = 1.03;

    static std::size_t bucket(std::int64_t micros) {
        if (micros <= 1) return 0;
        const auto index =
            static_cast<std::size_t>(std::log(static_cast<double>(micros)) / std::log(k_growth));
        return index < k_buckets ? index : k_buckets - 1;
    }
    static std::int64_t upper_edge(std::size_t index) {
        return static_cast<std::int64_t>(std::pow(k_growth, static_cast<double>(index + 1)));
    }

    static constexpr std::size_t k_buckets = 700;
    std::array<std::uint64_t, k_buckets> buckets_{};
    std::uint64_t count_ = 0;
    std::int64_t highest_ = 0;
};

}  // namespace modax::flood
