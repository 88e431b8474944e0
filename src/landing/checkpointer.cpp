#include "landing/checkpointer.hpp"

#include <exception>
#include <utility>

namespace modax::landing {

Checkpointer::Checkpointer(ConnectionOptions options, Log& log)
    : options_{std::move(options)}, log_{log}, thread_{[this](const std::stop_token& stop) {
          run(stop);
      }} {}

void Checkpointer::committed(int frames) {
    if (frames >= k_limit_frames) {
        // A failure shows itself at the next commit, or is tried again at the next limit.
        (void)run_now();
        return;
    }
    const std::lock_guard lock{mutex_};
    if (frames < copied_) copied_ = 0;  // the log was started anew
    if (frames - copied_ < k_due_frames || wanted_ != done_) return;
    copied_ = frames;
    wanted_ = begun_ + 1;
    wake_.notify_one();
}

Status Checkpointer::run_now() {
    std::unique_lock lock{mutex_};
    const std::uint64_t number = begun_ + 1;
    wanted_ = number;
    copied_ = 0;
    wake_.notify_one();
    ended_.wait(lock, [&] { return done_ >= number; });
    return last_;
}

void Checkpointer::run(const std::stop_token& stop) noexcept {
    bool told = false;
    for (;;) {
        std::uint64_t number = 0;
        {
            std::unique_lock lock{mutex_};
            if (!wake_.wait(lock, stop, [this] { return wanted_ > done_; })) return;
            number = ++begun_;
        }
        Status ended;
        try {
            ended = pass();
        } catch (const std::exception& error) {
            ended = fail(Errc::resource_exhausted, error.what());
        }
        if (!ended && !told) {
            log_.warn(
                "landing",
                "a checkpoint of the store failed; it is tried again",
                {{"reason", ended.error().detail}}
            );
        }
        told = !ended;
        const std::lock_guard lock{mutex_};
        last_ = std::move(ended);
        done_ = number;
        ended_.notify_all();
    }
}

Status Checkpointer::pass() {
    if (!connection_) {
        auto opened = Connection::open(options_);
        if (!opened) return tl::make_unexpected(opened.error());
        connection_ = std::move(*opened);
    }
    Status copied = connection_->checkpoint();
    if (copied) {
        passes_.fetch_add(1, std::memory_order_relaxed);
    } else {
        // A sync is never repeated on the same handle.
        connection_.reset();
    }
    return copied;
}

}  // namespace modax::landing
