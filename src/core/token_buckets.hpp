// The token buckets of many keys or addresses, by name. Those that nobody holds and that are full
// again are forgotten when there are many, so that made-up names do not fill the memory.
// Thread-safe.
#pragma once

#include "core/token_bucket.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace modax {

class TokenBuckets {
public:
    // `quota` tokens a minute; null when that is 0: no limit. Kept by whoever asks, so that it is
    // looked up once a connection.
    std::shared_ptr<TokenBucket> find(std::string name, std::uint64_t quota, SteadyTime now);
    std::size_t size() const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<TokenBucket>> buckets_;
};

}  // namespace modax
