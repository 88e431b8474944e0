#include "landing/lanes.hpp"

#include <utility>

namespace modax::landing {

bool Lanes::submit(IngestGroup& group, Lane lane) {
    const std::size_t items = weight(group);
    {
        const std::lock_guard lock{mutex_};
        const std::size_t waiting = depths_[index(lane)].load(std::memory_order_relaxed);
        // The rule of full(): a sender that looked first is never refused, at the cost of one
        // group above the limit for each.
        if (lane == Lane::fire_and_forget && waiting >= capacities_[index(lane)]) return false;
        depths_[index(lane)].fetch_add(items, std::memory_order_relaxed);
        queues_[index(lane)].push_back(std::exchange(group, IngestGroup{}));
    }
    changed_.notify_one();
    return true;
}

void Lanes::take_from(
    std::size_t lane, std::size_t max_items, std::size_t& items, std::vector<IngestGroup>& taken
) {
    auto& queue = queues_[lane];
    while (!queue.empty()) {
        const std::size_t next = weight(queue.front());
        if (!taken.empty() && items + next > max_items) return;
        items += next;
        taken_[lane] += next;
        taken.push_back(std::move(queue.front()));
        queue.pop_front();
    }
}

std::vector<IngestGroup> Lanes::take(std::size_t max_items, std::chrono::milliseconds patience) {
    std::vector<IngestGroup> taken;
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, [this] {
        return stopped_ || !queues_[0].empty() || !queues_[1].empty();
    });
    std::size_t items = 0;
    taken_ = {};
    for (std::size_t lane = 0; lane < queues_.size(); ++lane) {
        take_from(lane, max_items, items, taken);
        if (!queues_[lane].empty()) break;
    }
    return taken;
}

void Lanes::finished() {
    const std::lock_guard lock{mutex_};
    for (std::size_t lane = 0; lane < depths_.size(); ++lane) {
        depths_[lane].fetch_sub(std::exchange(taken_[lane], 0), std::memory_order_relaxed);
    }
}

void Lanes::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopped_ = true;
    }
    changed_.notify_all();
}

bool Lanes::stopped() const {
    const std::lock_guard lock{mutex_};
    return stopped_;
}

void Lanes::pause(std::chrono::milliseconds length) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, length, [this] { return stopped_; });
}

}  // namespace modax::landing
