#include "core/token_buckets.hpp"

#include <utility>

namespace modax {
namespace {

constexpr double k_window_seconds = 60;
constexpr std::size_t k_many_buckets = 10'000;

}  // namespace

std::shared_ptr<TokenBucket> TokenBuckets::find(
    std::string name, std::uint64_t quota, SteadyTime now
) {
    if (quota == 0) return nullptr;
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

std::size_t TokenBuckets::size() const {
    const std::lock_guard lock{mutex_};
    return buckets_.size();
}

}  // namespace modax
