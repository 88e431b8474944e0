// How many requests a key may make, or an address before it has shown one.
// Headers: draft-ietf-httpapi-ratelimit-headers-09; refusals: RFC 6585 section 4 with Retry-After.
#pragma once

#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "core/token_buckets.hpp"
#include "http/server.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace modax::http {

// The buckets of all keys and addresses. Thread-safe.
class RateLimits {
public:
    RateLimits(const RateLimitOptions& options, const Clock& clock);

    // Null: no limit. Kept by whoever asks, so that it is looked up once a connection.
    std::shared_ptr<TokenBucket> of_key(std::string_view key_id);
    std::shared_ptr<TokenBucket> of_address(std::string_view address, bool loopback);
    std::shared_ptr<TokenBucket> of_refusals(std::string_view address);

    std::size_t buckets() const { return buckets_.size(); }
    void count_refusal() { refused_.fetch_add(1, std::memory_order_relaxed); }
    // modax_http_rate_limited_total
    void collect(MetricSink& sink) const;

private:
    std::shared_ptr<TokenBucket> find(std::string name, std::uint64_t quota);

    const RateLimitOptions options_;
    const Clock& clock_;
    std::atomic<std::uint64_t> refused_{0};
    TokenBuckets buckets_;
};

}  // namespace modax::http
