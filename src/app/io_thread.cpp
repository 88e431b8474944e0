#include "app/io_thread.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <future>
#include <utility>

namespace modax::app {

IoThread::IoThread(std::string name, Log& log)
    : name_{std::move(name)}, log_{log}, work_{boost::asio::make_work_guard(context_)} {}

IoThread::~IoThread() {
    stop();
}

void IoThread::start() {
    thread_ = std::jthread{[this] { run(); }};
}

void IoThread::run() {
    for (;;) {
        try {
            context_.run();
            return;
        } catch (const std::exception& error) {
            // A handler let it escape, which is a bug; the other connections go on.
            log_.error(name_, "a handler failed", {{"error", error.what()}});
        }
    }
}

void IoThread::run_and_wait(const std::function<void()>& action) {
    if (!thread_.joinable()) {
        action();
        return;
    }
    std::promise<void> done;
    boost::asio::post(context_, [&] {
        action();
        done.set_value();
    });
    done.get_future().wait();
}

void IoThread::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
}

}  // namespace modax::app
