#include "http/io_thread.hpp"

#include "http/live_feed.hpp"

#include <chrono>
#include <exception>
#include <utility>
#include <vector>

namespace modax::http {

namespace {
constexpr std::chrono::milliseconds k_tick{250};
}

IoThread::IoThread(const Services& services, WorkerPool& workers)
    : services_{services},
      workers_{workers},
      work_{boost::asio::make_work_guard(context_)},
      timer_{context_},
      feed_{std::make_unique<LiveFeed>(*this)} {}

IoThread::~IoThread() {
    join();
}

void IoThread::start() {
    boost::asio::post(context_, [this] { tick(); });
    thread_ = std::jthread{[this] { run(); }};
}

void IoThread::run() {
    while (true) {
        try {
            context_.run();
            return;
        } catch (const std::exception& failure) {
            services_.dependencies.log.error(
                "http",
                "an I/O thread goes on after a failure; this is a bug",
                {{"what", failure.what()}}
            );
        }
    }
}

void IoThread::tick() {
    const auto second = std::chrono::floor<std::chrono::seconds>(services_.dependencies.clock.now())
                            .time_since_epoch()
                            .count();
    if (second != date_second_) {
        date_second_ = second;
        date_ = format_http_date(second);
    }
    const auto now = this->now();
    // A session may end, and with it its entry, while it is told the time.
    std::vector<std::shared_ptr<Session>> all;
    all.reserve(sessions_.size());
    for (const auto& [key, session] : sessions_) all.push_back(session);
    for (const auto& session : all) session->tick(now);
    timer_.expires_after(k_tick);
    timer_.async_wait([this](const auto& cancelled) {
        if (!cancelled) tick();
    });
}

void IoThread::begin_stop() {
    boost::asio::post(context_, [this] {
        stopping_ = true;
        std::vector<std::shared_ptr<Session>> all;
        for (const auto& [key, session] : sessions_) all.push_back(session);
        for (const auto& session : all) session->stop();
    });
}

void IoThread::join() {
    if (!thread_.joinable()) return;
    boost::asio::post(context_, [this] {
        timer_.cancel();
        auto all = std::move(sessions_);
        sessions_.clear();
        for (const auto& [key, session] : all) session->abort();
        feed_->close();
        context_.stop();
    });
    thread_.join();
}

void IoThread::add(std::shared_ptr<Session> session) {
    const Session* key = session.get();
    sessions_.emplace(key, std::move(session));
    sessions_open_.store(sessions_.size());
}

void IoThread::remove(const Session* session) {
    sessions_.erase(session);
    sessions_open_.store(sessions_.size());
}

}  // namespace modax::http
