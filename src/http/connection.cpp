#include "http/connection.hpp"

#include "http/live_request.hpp"
#include "http/problem.hpp"
#include "http/websocket_session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_first_input_bytes = 4096;
constexpr std::size_t k_max_batch_bytes = 64 * 1024;  // of answers in one write
constexpr std::chrono::seconds k_linger_time{2};
// A body must come at least this fast, besides the time for the head (PROMISES 3.4).
constexpr double k_body_bytes_per_second = 1024;

}  // namespace

Connection::Connection(IoThread& thread, std::unique_ptr<Transport> transport)
    : thread_{thread}, transport_{std::move(transport)} {
    caller_.address = transport_->address();
    caller_.loopback = transport_->loopback();
    RateLimits& limits = thread_.services().rate_limits;
    caller_.address_bucket = limits.of_address(caller_.address, caller_.loopback);
    caller_.refusal_bucket = limits.of_refusals(caller_.address);
    caller_.tls = transport_->tls();
}

void Connection::start() {
    thread_.add(shared_from_this());
    thread_.figures().connections.add(1);
    deadline_ = thread_.now() + thread_.services().options.header_timeout;
    transport_->handshake(shared_from_this());
}

void Connection::on_ready() {
    if (!closed_) advance();
}

void Connection::on_read(std::size_t bytes) {
    if (closed_) return;
    thread_.figures().bytes_received.add(bytes);
    if (lingering_) {
        read();
        return;
    }
    end_ += bytes;
    arrived_ = thread_.now();
    if (between_requests_) {
        between_requests_ = false;
        deadline_ = arrived_ + thread_.services().options.header_timeout;
    }
    advance();
}

void Connection::on_written() {
    if (closed_ || lingering_) return;
    writing_ = false;
    output_.clear();
    advance();
}

void Connection::advance() {
    while (!closed_) {
        while (!ending_ && !producer_ && !live_ && output_.size() < k_max_batch_bytes &&
               take_request()) {
        }
        if (live_) return become_websocket();
        if (!output_.empty()) {
            thread_.figures().bytes_sent.add(output_.size());
            if (caller_.known) caller_.untold.bytes += output_.size();
            deadline_ = thread_.now() + thread_.services().options.idle_timeout;
            const std::string_view part = output_;
            const auto written = transport_->write({&part, 1}, shared_from_this());
            if (written == Written::failed) return abort();
            writing_ = written == Written::later;
            if (writing_) return;
            output_.clear();
            continue;
        }
        if (producer_) {
            if (!step_running_) next_step();
            return;
        }
        if (ending_) return end();
        return read();
    }
}

void Connection::read() {
    if (lingering_) {
        begin_ = end_ = 0;
    } else {
        if (between_requests_ && begin_ != end_) {
            between_requests_ = false;  // the next head has begun to come
            deadline_ = thread_.now() + thread_.services().options.header_timeout;
        }
        compact();
    }
    transport_->read({input_.data() + end_, input_.size() - end_}, shared_from_this());
}

// Makes room for the rest of a head; a body is taken out as it comes.
void Connection::compact() {
    if (begin_ > 0) {
        std::copy(
            input_.begin() + static_cast<std::ptrdiff_t>(begin_),
            input_.begin() + static_cast<std::ptrdiff_t>(end_),
            input_.begin()
        );
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == input_.size()) {
        input_.resize(std::max(k_first_input_bytes, std::min(2 * end_, k_max_head_bytes + 1)));
    }
}

bool Connection::take_request() {
    if (part_ == Part::head && !take_head()) return false;
    if (ending_) return true;  // refused
    if (part_ == Part::body && !take_body()) return ending_;
    if (!ending_) answer();
    return true;
}

bool Connection::take_head() {
    // An empty line before a request is ignored (RFC 9112 section 2.2).
    while (scanned_ == 0 && end_ - begin_ >= 2 && input_.compare(begin_, 2, "\r\n") == 0) {
        begin_ += 2;
    }
    const auto scan = scan_head(std::string_view{input_}.substr(begin_, end_ - begin_), scanned_);
    if (scan.state == HeadScan::State::incomplete) return false;
    if (scan.state == HeadScan::State::refused) {
        refuse(scan.refusal);
        return true;
    }
    const auto refusal = parse_head(std::string_view{input_}.substr(begin_, scan.size), request_);
    if (refusal.status != 0) {
        refuse(refusal);
        return true;
    }
    head_size_ = scan.size;
    scanned_ = 0;
    if (request_.content_length == 0 && !request_.chunked) return true;
    part_ = Part::body;
    body_begun_ = arrived_;
    chunks_ = {};
    body_.clear();
    if (request_.expect_continue && end_ - begin_ == head_size_) {
        output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    return true;
}

// The body is taken out of the input, behind the head, which stays for the views of request_.
bool Connection::take_body() {
    const std::size_t start = begin_ + head_size_;
    std::string_view input = std::string_view{input_}.substr(start, end_ - start);
    const std::size_t before = input.size();
    bool complete = false;
    if (request_.chunked) {
        const auto state = chunks_.feed(input, body_, k_max_body_bytes);
        complete = state == ChunkedDecoder::State::complete;
        if (state == ChunkedDecoder::State::malformed) {
            refuse({400, "the body's chunks are malformed"});
        } else if (state == ChunkedDecoder::State::too_large) {
            refuse({413, "the body is over 1 MiB"});
        }
    } else {
        const auto part = input.substr(0, request_.content_length - body_.size());
        body_ += part;
        input.remove_prefix(part.size());
        complete = body_.size() == request_.content_length;
    }
    const std::size_t taken = before - input.size();
    input_.erase(start, taken);
    input_.resize(input_.size() + taken);
    end_ -= taken;
    // The time-out moves on with what comes.
    const auto earned =
        std::chrono::duration<double>(static_cast<double>(body_.size()) / k_body_bytes_per_second);
    deadline_ = body_begun_ + thread_.services().options.header_timeout +
                std::chrono::duration_cast<SteadyTime::duration>(earned);
    return complete;
}

void Connection::answer() {
    // The input may move while the body is read, but the head is parsed again at no cost that
    // matters: bodies are rare.
    if (part_ == Part::body) {
        parse_head(std::string_view{input_}.substr(begin_, head_size_), request_);
    }
    request_.body = part_ == Part::body ? std::string_view{body_} : std::string_view{};
    route_ = dispatch(thread_.services(), caller_, request_, response_);
    if (!request_.keep_alive || thread_.stopping()) ending_ = true;
    if (response_.live) {
        live_ = response_.live;
        output_ +=
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
        output_ += live_->accept;
        output_ += "\r\n\r\n";
        end_request();
    } else if (response_.producer && request_.method != Method::head) {
        start_production();
    } else {
        append_answer();
        end_request();
    }
}

void Connection::refuse(const Refusal& refusal) {
    response_.reset();
    set_problem(response_, refusal.status, refusal.detail, "/");
    request_ = Request{};
    ending_ = true;
    route_ = Figures::k_max_routes;
    append_answer();
    end_request();
}

void Connection::append_answer() {
    const bool bodiless = response_.status == 204 || response_.status == 304;
    append_head(
        output_,
        response_,
        head_options(
            bodiless             ? Framing::none
            : response_.producer ? Framing::until_close  // HEAD of an unknown length
                                 : Framing::content_length
        )
    );
    if (!bodiless && request_.method != Method::head) output_ += response_.content();
}

HeadOptions Connection::head_options(Framing framing) const {
    HeadOptions options;
    options.framing = framing;
    options.close = ending_;
    options.say_keep_alive = request_.http_1_0 && !ending_;
    options.date = thread_.date();
    // Not towards this machine: browsers would take it for every port of localhost.
    options.strict_transport = caller_.tls && !caller_.loopback;
    return options;
}

void Connection::end_request() {
    const auto now = thread_.now();
    const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(now - arrived_);
    thread_.figures().count(
        route_,
        response_.status,
        static_cast<std::uint64_t>(std::max<std::int64_t>(taken.count(), 0))
    );
    begin_ += head_size_;
    head_size_ = 0;
    part_ = Part::head;
    deadline_ = now + thread_.services().options.idle_timeout;
    between_requests_ = true;
}

void Connection::end() {
    // The peer would lose the answer to a reset if the connection were closed with input unread
    // (RFC 9112 section 9.6).
    lingering_ = true;
    deadline_ = thread_.now() + k_linger_time;
    transport_->finish(shared_from_this());
    if (!transport_->tls()) read();
}

void Connection::become_websocket() {
    tell_accesses(thread_.services(), caller_, true);
    const auto self = shared_from_this();
    auto session = std::make_shared<WebSocketSession>(
        thread_,
        std::move(transport_),
        std::move(live_),
        std::move(output_),
        std::string_view{input_}.substr(begin_, end_ - begin_)
    );
    closed_ = true;
    thread_.remove(this);
    session->start();
    if (thread_.stopping()) session->stop();
}

void Connection::tick(SteadyTime now) {
    tell_accesses(thread_.services(), caller_, false);
    if (closed_ || now < deadline_ || (producer_ && !writing_)) return;
    const bool waiting_for_request = !writing_ && !lingering_ && !between_requests_;
    const bool nothing_came = begin_ == end_ && part_ == Part::head;
    if (!waiting_for_request || nothing_came || transport_->tls()) {
        abort();
        return;
    }
    // A read is under way and stays so, so the refusal is written by itself.
    refuse({408, "the request did not arrive in time"});
    const std::string_view part = output_;
    transport_->write({&part, 1}, shared_from_this());
    lingering_ = true;
    writing_ = false;
    deadline_ = now + k_linger_time;
    transport_->finish(shared_from_this());
}

void Connection::stop() {
    if (closed_) return;
    ending_ = true;
    // Nothing is under way but a read: end at once.
    if (!writing_ && !producer_ && !lingering_) abort();
}

void Connection::abort() {
    if (closed_) return;
    tell_accesses(thread_.services(), caller_, true);
    closed_ = true;
    const auto self = shared_from_this();
    transport_->close();
    producer_.reset();
    thread_.remove(this);
}

}  // namespace modax::http
