#include "http/rate_limits.hpp"

#include <algorithm>
#include <cmath>

namespace modax::http {
namespace {

constexpr double k_window_seconds = 60;
constexpr std::size_t k_many_buckets = 10'000;

std::uint64_t whole_seconds(double seconds) {
    return static_cast<std::uint64_t>(std::ceil(std::max(seconds, 0.0)));
}

}  // namespace

TokenBucket::TokenBucket(std::uint64_t quota, SteadyTime now)
    : quota_{quota}, tokens_{static_cast<double>(quota)}, refilled_{now} {}

void TokenBucket::refill(SteadyTime now) {
    const double passed = std::chrono::duration<double>(now - refilled_).count();
    if (passed <= 0) return;
    const auto quota = static_cast<double>(quota_);
    tokens_ = std::min(quota, tokens_ + passed * quota / k_window_seconds);
    refilled_ = now;
}

TokenBucket::State TokenBucket::take(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    State state;
    state.taken = tokens_ >= 1;
    if (state.taken) tokens_ -= 1;
    const auto quota = static_cast<double>(quota_);
    const double seconds_for_one = k_window_seconds / quota;
    state.left = static_cast<std::uint64_t>(std::max(tokens_, 0.0));
    state.full_in_seconds = whole_seconds((quota - tokens_) * seconds_for_one);
    if (!state.taken) {
        const auto wait = whole_seconds((1 - tokens_) * seconds_for_one);
        state.next_in_seconds = std::max<std::uint64_t>(wait, 1);
    }
    return state;
}

void TokenBucket::charge(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    tokens_ = std::max(tokens_ - 1, -1.0);
}

bool TokenBucket::empty(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    return tokens_ < 1;
}

bool TokenBucket::full(SteadyTime now) {
    const std::lock_guard lock{mutex_};
    refill(now);
    return tokens_ >= static_cast<double>(quota_);
}

RateLimits::RateLimits(const RateLimitOptions& options, const Clock& clock)
    : options_{options}, clock_{clock} {}

std::shared_ptr<TokenBucket> RateLimits::find(std::string name, std::uint64_t quota) {
    if (quota == 0) return nullptr;
    const auto now = clock_.steady_now();
    const std::lock_guard lock{mutex_};
    auto& bucket = buckets_[std::move(name)];
    if (bucket == nullptr) bucket = std::make_shared<TokenBucket>(quota, now);
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
