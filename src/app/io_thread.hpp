// One io_context and the thread that runs it.
#pragma once

#include "core/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <thread>

namespace modax::app {

class IoThread {
public:
    IoThread(std::string name, Log& log);
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;
    ~IoThread();

    boost::asio::io_context& context() { return context_; }
    // From now on handlers run.
    void start();
    // Runs `action` on the thread and waits for it; at once when the thread does not run.
    void run_and_wait(const std::function<void()>& action);
    // Ends the thread; handlers that wait are not run. Harmless when it does not run.
    void stop();

private:
    void run();

    const std::string name_;
    Log& log_;
    boost::asio::io_context context_{1};  // a hint: one thread runs it
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::jthread thread_;
};

}  // namespace modax::app
