#include "http/rate_limits.hpp"

#include <utility>

namespace modax::http {
RateLimits::RateLimits(const RateLimitOptions& options, const Clock& clock)
    : options_{options}, clock_{clock} {}

std::shared_ptr<TokenBucket> RateLimits::find(std::string name, std::uint64_t quota) {
    return buckets_.find(std::move(name), quota, clock_.steady_now());
}

std::shared_ptr<TokenBucket> RateLimits::of_key(std::string_view key_id) {
    return find("key " + std::string{key_id}, options_.per_key);
}

std::shared_ptr<TokenBucket> RateLimits::of_address(std::string_view address, bool loopback) {
    // Behind loopback there may be a proxy with many clients: their keys count.
    if (loopback) return nullptr;
    return find("address " + std::string{address}, options_.per_address);
}

std::shared_ptr<TokenBucket> RateLimits::of_refusals(std::string_view address) {
    return find("refusals " + std::string{address}, options_.refusals_per_address);
}

void RateLimits::collect(MetricSink& sink) const {
    sink.counter(
        "modax_http_rate_limited_total",
        "Requests refused because a key or an address made too many",
        static_cast<double>(refused_.load(std::memory_order_relaxed))
    );
}

}  // namespace modax::http
