// A few threads that wait for the store in place of the I/O threads, behind a bounded queue.
#pragma once

#include "core/log.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace modax::http {

// Thread-safe.
class WorkerPool {
public:
    WorkerPool(unsigned threads, std::size_t max_queued, Log& log);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    ~WorkerPool() { stop(); }

    // False, and nothing happens, when the queue is full or the pool was stopped. `more`: the next
    // step of work that was let in before, which is not refused for a full queue.
    bool post(std::function<void()> work, bool more = false);
    // Drops what waits, finishes what runs.
    void stop();
    std::size_t queued() const;

private:
    void run(const std::stop_token& stop);

    const std::size_t max_queued_;
    Log& log_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::function<void()>> queue_;
    bool stopped_ = false;
    std::vector<std::jthread> threads_;
};

}  // namespace modax::http
