// One WebSocket client: replay from the store if it asked for it, then live events, gathered into
// few writes; ping, close and limits (PROMISES P6, 3.4). Internal; its I/O thread only.
#pragma once

#include "core/result.hpp"
#include "http/io_thread.hpp"
#include "http/live_feed.hpp"
#include "http/replay.hpp"
#include "http/send_queue.hpp"
#include "http/session.hpp"
#include "http/websocket_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace modax::http {

class WebSocketSession final : public Session,
                               public LiveClient,
                               public std::enable_shared_from_this<WebSocketSession> {
public:
    // `answer`: the 101, still to be sent; by then the client gets every event. `input`: what the
    // client sent behind its request.
    WebSocketSession(
        IoThread& thread,
        std::unique_ptr<Transport> transport,
        std::shared_ptr<const LiveRequest> request,
        std::string answer,
        std::string_view input
    );
    void start();

    void on_ready() override {}
    void on_read(std::size_t bytes) override;
    void on_written() override;
    void on_failed() override { abort(); }
    void tick(SteadyTime now) override;
    void stop() override { close(CloseCode::going_away, "the gateway stops"); }
    void abort() override;

    void on_events(const std::shared_ptr<const FrameBlock>& block) override;
    void on_gap(std::uint64_t from, std::uint64_t to) override;
    void on_notice(const std::string& frame) override;

private:
    enum class State : std::uint8_t { open, closing, closed };

    void read();
    void take_frames();
    // False when the connection is being closed for it.
    bool take_frame(const ClientFrame& frame);
    bool take_message_part(const ClientFrame& frame);
    bool within_rate();
    void push(const std::shared_ptr<const FrameBlock>& block);
    void flush();
    // Sends a close frame behind what is being sent, and drops the rest.
    void close(CloseCode code, std::string_view reason);
    void start_replay_step();
    void on_replay_step(Result<ReplayStep> step);

    IoThread& thread_;
    std::unique_ptr<Transport> transport_;
    std::shared_ptr<const LiveRequest> request_;
    State state_ = State::open;
    SteadyTime closing_until_{};
    SteadyTime heard_;
    SteadyTime next_ping_;
    SteadyTime next_key_check_;

    std::string input_;
    std::size_t input_size_ = 0;
    bool message_open_ = false;  // a fragmented one
    std::size_t message_size_ = 0;
    double tokens_;  // of the limit on incoming messages
    SteadyTime tokens_at_;

    SendQueue queue_;
    bool writing_ = false;
    bool finished_ = false;         // our close frame is out
    std::size_t passed_bytes_ = 0;  // that came while one write was waiting

    bool replaying_ = false;
    bool step_running_ = false;
    bool step_done_ = false;  // the store has no more after it
    std::uint64_t replayed_through_ = 0;
    std::vector<std::shared_ptr<const FrameBlock>> held_;  // live ones, behind the replay
    std::size_t held_bytes_ = 0;
};

}  // namespace modax::http
