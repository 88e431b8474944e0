// One I/O thread: its event loop, its sessions and their clock. A connection stays on one I/O
// thread for life, so nothing of it needs a lock. Owned by Server.
#pragma once

#include "http/call.hpp"
#include "http/figures.hpp"
#include "http/session.hpp"
#include "http/worker_pool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

namespace modax::http {

class LiveFeed;

class IoThread {
public:
    IoThread(const Services& services, WorkerPool& workers);
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;
    ~IoThread();

    void start();
    // From any thread: every session is told to stop.
    void begin_stop();
    // From any thread: no session is left.
    bool idle() const { return sessions_open_.load() == 0; }
    // Ends the thread, whatever is left.
    void join();

    boost::asio::io_context& context() { return context_; }
    const Figures& figures() const { return figures_; }

    // From here on: only on this thread.
    Figures& figures() { return figures_; }
    const Services& services() const { return services_; }
    WorkerPool& workers() { return workers_; }
    LiveFeed& feed() { return *feed_; }
    SteadyTime now() const { return services_.dependencies.clock.steady_now(); }
    // IMF-fixdate, a quarter of a second old at most.
    std::string_view date() const { return date_; }
    bool stopping() const { return stopping_; }
    void add(std::shared_ptr<Session> session);
    void remove(const Session* session);

private:
    void run();
    void tick();

    const Services& services_;
    WorkerPool& workers_;
    Figures figures_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer timer_;
    std::string date_;
    std::int64_t date_second_ = -1;
    bool stopping_ = false;
    std::atomic<std::size_t> sessions_open_{0};
    std::unique_ptr<LiveFeed> feed_;
    std::unordered_map<const Session*, std::shared_ptr<Session>> sessions_;
    std::jthread thread_;
};

}  // namespace modax::http
