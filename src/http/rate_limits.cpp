#include "http/rate_limits.hpp"

namespace modax::http {
namespace {

constexpr double k_window_seconds = 60;
constexpr std::size_t k_many_buckets = 10'000;

}  // namespace

RateLimits::RateLimits(const RateLimitOptions& options, const Clock& clock)
    : options_{options}, clock_{clock} {}

std::shared_ptr<TokenBucket> RateLimits::find(std::string name, std::uint64_t quota) {
    if (quota == 0) return nullptr;
    const auto now = clock_.steady_now();
    const std::lock_guard lock{mutex_};
    auto& bucket = buckets_[std::move(name)];
    const double per_second = static_cast<double>(quota) / k_window_seconds;
    if (bucket == nullptr) bucket = std::make_shared<TokenBucket>(quota, per_second, now);
    auto found = bucket;
    if (buckets_.size() > k_many_buckets) {
        std::erase_if(buckets_, [&](const auto& entry) {
            return entry.second.use_count() == 1 && entry.second->full(now);
        });
    }
    return found;
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

std::size_t RateLimits::buckets() const {
    const std::lock_guard lock{mutex_};
    return buckets_.size();
}

void RateLimits::collect(MetricSink& sink) const {
    sink.counter(
        "modax_http_rate_limited_total",
        "Requests refused because a key or an address made too many",
        static_cast<double>(refused_.load(std::memory_order_relaxed))
    );
}

}  // namespace modax::http
