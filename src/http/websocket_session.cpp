#include "http/websocket_session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace modax::http {
namespace {

// PROMISES 3.4.
constexpr std::size_t k_max_message = 64 * 1024;
constexpr double k_messages_per_second = 4;
constexpr double k_message_burst = 8;
constexpr std::chrono::seconds k_closing_time{5};
constexpr std::size_t k_read_bytes = 2048;

}  // namespace

WebSocketSession::WebSocketSession(
    IoThread& thread,
    std::unique_ptr<Transport> transport,
    std::shared_ptr<const LiveRequest> request,
    std::string answer,
    std::string_view input
)
    : thread_{thread},
      transport_{std::move(transport)},
      request_{std::move(request)},
      heard_{thread.now()},
      next_ping_{heard_ + thread.services().options.websocket.ping_interval},
      next_key_check_{heard_ + thread.services().options.websocket.key_check_interval},
      input_{input},
      input_size_{input.size()},
      tokens_{k_message_burst},
      tokens_at_{heard_},
      queue_{thread.services().options.websocket.soft_limit_bytes} {
    queue_.push_frame(std::move(answer));
}

void WebSocketSession::start() {
    thread_.add(shared_from_this());
    thread_.figures().live_opened.add(1);
    thread_.feed().join(*this, request_->filter);
    if (request_->since) {
        replaying_ = true;
        replayed_through_ = *request_->since;
        start_replay_step();
    }
    flush();
    take_frames();
    read();
}

void WebSocketSession::read() {
    if (state_ == State::closed) return;
    if (input_.size() < input_size_ + k_read_bytes) input_.resize(input_size_ + k_read_bytes);
    transport_->read(
        {input_.data() + input_size_, input_.size() - input_size_}, shared_from_this()
    );
}

void WebSocketSession::on_read(std::size_t bytes) {
    if (state_ == State::closed) return;
    thread_.figures().bytes_received.add(bytes);
    heard_ = thread_.now();
    if (state_ == State::open) {
        input_size_ += bytes;
        take_frames();
    }
    read();
}

void WebSocketSession::take_frames() {
    std::size_t taken = 0;
    while (state_ == State::open) {
        const auto parse =
            parse_client_frame(input_.data() + taken, input_size_ - taken, k_max_message);
        if (parse.refusal) {
            const bool large = *parse.refusal == CloseCode::too_large;
            close(*parse.refusal, large ? "a message is over 64 KiB" : "not a WebSocket frame");
            break;
        }
        if (!parse.frame || !take_frame(*parse.frame)) break;
        taken += parse.frame->size;
    }
    if (state_ != State::open) taken = input_size_;
    std::copy(
        input_.begin() + static_cast<std::ptrdiff_t>(taken),
        input_.begin() + static_cast<std::ptrdiff_t>(input_size_),
        input_.begin()
    );
    input_size_ -= taken;
}

bool WebSocketSession::take_frame(const ClientFrame& frame) {
    switch (frame.opcode) {
        case Opcode::pong:
            return true;
        case Opcode::close:
            close(CloseCode::normal, "");
            return false;
        case Opcode::ping: {
            if (!within_rate()) return false;
            std::string pong;
            append_frame(pong, Opcode::pong, frame.payload);
            queue_.push_frame(std::move(pong));
            flush();
            return state_ == State::open;
        }
        default:
            return within_rate() && take_message_part(frame);
    }
}

// Clients have nothing to say yet: what they send is checked and dropped.
bool WebSocketSession::take_message_part(const ClientFrame& frame) {
    if ((frame.opcode == Opcode::continuation) != message_open_) {
        close(CloseCode::protocol_error, "fragments are out of order");
        return false;
    }
    message_size_ = (message_open_ ? message_size_ : 0) + frame.payload.size();
    message_open_ = !frame.final;
    if (message_size_ <= k_max_message) return true;
    close(CloseCode::too_large, "a message is over 64 KiB");
    return false;
}

bool WebSocketSession::within_rate() {
    const std::chrono::duration<double> elapsed = thread_.now() - tokens_at_;
    tokens_at_ = thread_.now();
    tokens_ = std::min(k_message_burst, tokens_ + elapsed.count() * k_messages_per_second);
    if (tokens_ < 1) {
        close(CloseCode::policy, "more than 4 messages a second");
        return false;
    }
    tokens_ -= 1;
    return true;
}

void WebSocketSession::on_events(const std::shared_ptr<const FrameBlock>& block) {
    if (state_ != State::open) return;
    if (!replaying_) {
        push(block);
        return;
    }
    // Those of before a step are read by the step itself, as an event is stored before it is shown.
    if (!step_running_) return;
    held_.push_back(block);
    held_bytes_ += block->bytes.size();
}

void WebSocketSession::on_gap(std::uint64_t from, std::uint64_t to) {
    if (state_ != State::open || replaying_) return;
    queue_.push_gap(from, to);
    flush();
}

void WebSocketSession::on_notice(const std::string& frame) {
    if (state_ != State::open) return;
    // Notices are few; a client that takes nothing is closed by what else comes.
    if (queue_.bytes() > thread_.services().options.websocket.hard_limit_bytes) return;
    queue_.push_frame(frame);
    flush();
}

void WebSocketSession::push(const std::shared_ptr<const FrameBlock>& block) {
    Figures& figures = thread_.figures();
    const std::size_t left_out = queue_.push(block);
    figures.live_events.add(block->events.size());
    figures.live_conflated.add(left_out);
    const std::size_t hard_limit = thread_.services().options.websocket.hard_limit_bytes;
    if (writing_) passed_bytes_ += block->bytes.size();
    if (passed_bytes_ > hard_limit || queue_.bytes() > hard_limit) {
        figures.live_closed_slow.add(1);
        close(CloseCode::too_slow, "the client takes events too slowly");
        return;
    }
    flush();
}

void WebSocketSession::flush() {
    while (!writing_ && state_ != State::closed) {
        const auto& parts = queue_.next();
        if (parts.empty()) {
            if (state_ == State::closing && !finished_) {
                finished_ = true;
                transport_->finish(shared_from_this());
            }
            if (state_ == State::open && replaying_ && !step_running_) start_replay_step();
            return;
        }
        std::size_t bytes = 0;
        for (const auto part : parts) bytes += part.size();
        thread_.figures().bytes_sent.add(bytes);
        switch (transport_->write(parts, shared_from_this())) {
            case Written::now:
                queue_.sent();
                break;
            case Written::later:
                writing_ = true;
                return;
            case Written::failed:
                abort();
                return;
        }
    }
}

void WebSocketSession::on_written() {
    writing_ = false;
    passed_bytes_ = 0;
    queue_.sent();
    flush();
}

void WebSocketSession::close(CloseCode code, std::string_view reason) {
    if (state_ != State::open) return;
    state_ = State::closing;
    closing_until_ = thread_.now() + k_closing_time;
    thread_.feed().leave(*this);
    held_.clear();
    queue_.drop_all();
    std::string frame;
    append_close_frame(frame, code, reason);
    queue_.push_frame(std::move(frame));
    flush();
}

void WebSocketSession::abort() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    const auto self = shared_from_this();
    thread_.feed().leave(*this);
    thread_.figures().live_closed.add(1);
    transport_->close();
    thread_.remove(this);
}

void WebSocketSession::tick(SteadyTime now) {
    const WebSocketOptions& options = thread_.services().options.websocket;
    if (state_ == State::closing && now >= closing_until_) abort();
    if (state_ != State::open) return;
    if (now - heard_ > options.idle_timeout) {
        abort();
        return;
    }
    if (now >= next_key_check_) {
        next_key_check_ = now + options.key_check_interval;
        if (!thread_.services().dependencies.keys.authenticate(
                {request_->key.reveal(), transport_->address()}
            )) {
            close(CloseCode::key_invalid, "the API key is no longer valid");
            return;
        }
    }
    if (now >= next_ping_) {
        next_ping_ = now + options.ping_interval;
        std::string ping;
        append_frame(ping, Opcode::ping, "");
        queue_.push_frame(std::move(ping));
        flush();
    }
}

void WebSocketSession::start_replay_step() {
    step_running_ = true;
    held_.clear();
    held_bytes_ = 0;
    const auto work = [self = shared_from_this(),
                       this,
                       &readings = thread_.services().dependencies.readings,
                       limit = thread_.services().options.websocket.replay_step,
                       request = request_,
                       since = replayed_through_] {
        auto step = replay_step(readings, *request, since, limit);
        boost::asio::post(thread_.context(), [self, this, step = std::move(step)]() mutable {
            on_replay_step(std::move(step));
        });
    };
    if (!thread_.workers().post(work, true)) abort();  // only when the server stops
}

void WebSocketSession::on_replay_step(Result<ReplayStep> step) {
    step_running_ = false;
    if (state_ != State::open) return;
    if (!step) {
        thread_.services().dependencies.log.error(
            "http",
            "events could not be replayed; the client is closed",
            {{"why", step.error().detail}}
        );
        close(CloseCode::going_away, "the store could not be read");
        return;
    }
    if (step->gap_to != 0) queue_.push_gap(step->gap_from, step->gap_to);
    replayed_through_ = step->through;
    thread_.figures().live_events.add(step->block->events.size());
    queue_.push_whole(step->block);
    const bool held_all = held_bytes_ <= thread_.services().options.websocket.hard_limit_bytes;
    if (step->caught_up && held_all) {
        replaying_ = false;
        for (const auto& block : std::exchange(held_, {})) {
            if (state_ == State::open) push(skip_through(block, replayed_through_));
        }
    }
    // The next step starts when this one's events are out.
    if (state_ == State::open) flush();
}

}  // namespace modax::http
