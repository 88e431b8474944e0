// One read of a device's readings, hour by hour of those in which it has some. Inside a read
// transaction of the reader; used once, on its thread.
#pragma once

#include "core/landing.hpp"
#include "landing/reader_pool.hpp"

#include <functional>

namespace modax::landing {

enum Kind : std::int64_t { k_reading = 0, k_safety = 1 };

class HistoryRead {
public:
    HistoryRead(ReaderConnection& reader, const HistoryQuery& query);
    Status run(const std::function<bool(const Reading&)>& each);

private:
    Status read_hour(std::int64_t hour, const std::function<bool(const Reading&)>& each);
    Status failure() const;

    ReaderConnection& reader_;
    const HistoryQuery& query_;
    std::int64_t start_;
    std::int64_t end_;
    std::int64_t edge_time_ = 0;
    std::int64_t edge_sequence_ = 0;
    std::size_t given_ = 0;
    bool ended_ = false;
};

}  // namespace modax::landing
