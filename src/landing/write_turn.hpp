// Whose turn it is to write to the database: the writer with its group commits, or somebody with a
// change of keys, users or reports. First come, first served, so that neither waits for long;
// SQLite alone lets whoever polls last win. Within the process; between processes SQLite's own lock
// counts.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace modax::landing {

// Thread-safe; a Lockable for std::lock_guard.
class WriteTurn {
public:
    void lock() {
        std::unique_lock lock{mutex_};
        const std::uint64_t mine = next_++;
        changed_.wait(lock, [&] { return serving_ == mine; });
    }
    void unlock() {
        const std::lock_guard lock{mutex_};
        ++serving_;
        if (serving_ != next_) changed_.notify_all();
    }
    // How many wait for their turn now.
    std::uint64_t waiting() const {
        const std::lock_guard lock{mutex_};
        return next_ > serving_ ? next_ - serving_ - 1 : 0;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t next_ = 0;
    std::uint64_t serving_ = 0;
};

}  // namespace modax::landing
