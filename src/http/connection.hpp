// One HTTP/1.1 connection: reads requests, also pipelined ones, and writes their answers in order,
// one write for all that came at once. Internal; its I/O thread only.
#pragma once

#include "http/chunked_decoder.hpp"
#include "http/dispatcher.hpp"
#include "http/io_thread.hpp"
#include "http/request_parser.hpp"
#include "http/response.hpp"
#include "http/session.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace modax::http {

class Connection final : public Session, public std::enable_shared_from_this<Connection> {
public:
    Connection(IoThread& thread, std::unique_ptr<Transport> transport);
    void start();

    void on_ready() override;
    void on_read(std::size_t bytes) override;
    void on_written() override;
    void on_failed() override { abort(); }
    void tick(SteadyTime now) override;
    void stop() override;
    void abort() override;

private:
    // What the next bytes belong to.
    enum class Part : std::uint8_t { head, body };

    // Answers all that is there, writes, and reads on, until something must be waited for.
    void advance();
    bool take_request();
    bool take_head();
    bool take_body();
    void answer();
    void refuse(const Refusal& refusal);
    void append_answer();
    void end_request();
    void read();
    void compact();
    void end();
    void become_websocket();

    // connection_body.cpp: answers that are made on a worker thread.
    void start_production();
    void next_step();
    void on_step(std::string part, Result<bool> more);
    void append_chunk(std::string_view part, bool last);
    HeadOptions head_options(Framing framing) const;

    IoThread& thread_;
    std::unique_ptr<Transport> transport_;
    bool closed_ = false;
    bool lingering_ = false;  // the last answer is out; what still comes is thrown away
    bool ending_ = false;     // the connection ends after the answer
    bool writing_ = false;
    SteadyTime deadline_{};
    bool between_requests_ = false;  // deadline_ is that of an idle connection

    std::string input_;
    std::size_t begin_ = 0;    // of what is not taken yet
    std::size_t end_ = 0;      // of what was read
    std::size_t scanned_ = 0;  // of the head, from begin_
    Part part_ = Part::head;
    std::size_t head_size_ = 0;
    Request request_;
    ChunkedDecoder chunks_;
    std::string body_;
    SteadyTime body_begun_{};

    Caller caller_;
    Response response_;
    std::string output_;
    std::size_t route_ = 0;
    SteadyTime arrived_{};

    std::shared_ptr<BodyProducer> producer_;  // while an answer is made on workers
    bool step_running_ = false;
    bool head_sent_ = false;
    bool chunked_ = false;
    std::shared_ptr<const LiveRequest> live_;
};

}  // namespace modax::http
