// Copies the write-ahead log into the database on a thread of its own, beside the writer, so that a
// commit does not wait for it. SQLite starts the log anew only once all of it is copied, and beside
// a busy writer it never is: at a limit the writer waits for one pass, which has little left to do.
// Owned by the writer.
#pragma once

#include "core/log.hpp"
#include "landing/sqlite.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace modax::landing {

class Checkpointer {
public:
    // SQLite's own default for when a checkpoint is due; more would make reads slower.
    static constexpr int k_due_frames = 1000;
    // 64 MiB of pages: as much of the log's file as is kept for reuse.
    static constexpr int k_limit_frames = 16'000;

    Checkpointer(ConnectionOptions options, Log& log);

    // After each commit, on the writer's thread, with the frames the log holds. Waits for a pass
    // when that many are at the limit.
    void committed(int frames);
    // Waits for a pass that begins now. Errors: resource_exhausted (no room), io_error.
    Status run_now();

    std::uint64_t passes() const { return passes_.load(std::memory_order_relaxed); }

private:
    void run(const std::stop_token& stop) noexcept;
    Status pass();

    const ConnectionOptions options_;
    Log& log_;
    std::optional<Connection> connection_;  // of the thread
    std::atomic<std::uint64_t> passes_{0};

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::condition_variable_any ended_;
    std::uint64_t wanted_ = 0;  // pass numbers: the newest that was asked for,
    std::uint64_t begun_ = 0;   // begun
    std::uint64_t done_ = 0;    // and ended
    int copied_ = 0;            // frames of the log when the last pass was asked for
    Status last_;

    std::jthread thread_;  // last: ended before anything it uses goes
};

}  // namespace modax::landing
