#include "http/worker_pool.hpp"

#include <exception>
#include <utility>

namespace modax::http {

WorkerPool::WorkerPool(unsigned threads, std::size_t max_queued, Log& log)
    : max_queued_{max_queued}, log_{log} {
    for (unsigned i = 0; i < threads; ++i) {
        threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
    }
}

bool WorkerPool::post(std::function<void()> work, bool more) {
    {
        const std::lock_guard lock{mutex_};
        if (stopped_ || (!more && queue_.size() >= max_queued_)) return false;
        queue_.push_back(std::move(work));
    }
    changed_.notify_one();
    return true;
}

void WorkerPool::stop() {
    std::deque<std::function<void()>> dropped;  // destroyed without the lock
    {
        const std::lock_guard lock{mutex_};
        stopped_ = true;
        dropped.swap(queue_);
    }
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
}

std::size_t WorkerPool::queued() const {
    const std::lock_guard lock{mutex_};
    return queue_.size();
}

void WorkerPool::run(const std::stop_token& stop) {
    while (true) {
        std::function<void()> work;
        {
            std::unique_lock lock{mutex_};
            if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
            work = std::move(queue_.front());
            queue_.pop_front();
        }
        try {
            work();
        } catch (const std::exception& failure) {
            log_.error(
                "http", "work for a request failed; this is a bug", {{"what", failure.what()}}
            );
        } catch (...) {
            log_.error("http", "work for a request failed; this is a bug");
        }
    }
}

}  // namespace modax::http
