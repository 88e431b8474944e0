// Answers that need the store: made step by step on worker threads, each step written before the
// next one is made, so that a slow client holds neither memory nor a worker.
#include "http/connection.hpp"
#include "http/problem.hpp"

#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace modax::http {
namespace {

Result<bool> produce(BodyProducer& producer, std::string& out, Log& log) {
    try {
        auto more = producer.produce(out);
        const bool refused = !more && (more.error().code == Errc::invalid_argument ||
                                       more.error().code == Errc::not_found ||
                                       more.error().code == Errc::already_exists);
        if (!more && !refused) {
            log.warn("http", "an answer could not be made", {{"why", more.error().detail}});
        }
        return more;
    } catch (const std::exception& failure) {
        log.error("http", "an answer failed; this is a bug", {{"what", failure.what()}});
        return fail(Errc::io_error, failure.what());
    }
}

}  // namespace

void Connection::start_production() {
    producer_ = std::move(response_.producer);
    head_sent_ = false;
}

void Connection::next_step() {
    const bool first = !head_sent_;
    auto work = [self = shared_from_this(),
                 this,
                 producer = producer_,
                 &log = thread_.services().dependencies.log] {
        std::string part;
        auto more = produce(*producer, part, log);
        boost::asio::post(
            thread_.context(),
            [self, this, part = std::move(part), more = std::move(more)]() mutable {
                on_step(std::move(part), std::move(more));
            }
        );
    };
    step_running_ = true;
    if (thread_.workers().post(std::move(work), !first)) return;
    on_step({}, fail(Errc::unavailable, "too many requests wait for the store; try again"));
}

void Connection::on_step(std::string part, Result<bool> more) {
    step_running_ = false;
    if (closed_) return;
    if (!more && head_sent_) {
        abort();
        return;
    }
    if (thread_.stopping()) ending_ = true;
    if (!head_sent_) {
        if (more && *more && part.empty()) {
            next_step();
            return;
        }
        if (!more) {
            response_.fields.clear();
            set_problem(response_, more.error(), request_.path);
        }
        if (!more || !*more) {
            if (more) {
                response_.body = std::move(part);
                producer_->describe(response_);
            }
            append_answer();
            producer_.reset();
            end_request();
            advance();
            return;
        }
        producer_->describe(response_);
        const auto length = producer_->length();
        chunked_ = !request_.http_1_0 && !length;
        if (!chunked_ && !length) ending_ = true;
        auto options = head_options(
            chunked_ ? Framing::chunked
            : length ? Framing::content_length
                     : Framing::until_close
        );
        options.length = length;
        append_head(output_, response_, options);
        head_sent_ = true;
    }
    append_chunk(part, !*more);
    if (!*more) {
        producer_.reset();
        end_request();
    }
    advance();
}

void Connection::append_chunk(std::string_view part, bool last) {
    if (!chunked_) {
        output_ += part;
        return;
    }
    if (!part.empty()) {
        std::array<char, 16> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), part.size(), 16);
        output_.append(digits.data(), end.ptr);
        output_ += "\r\n";
        output_ += part;
        output_ += "\r\n";
    }
    if (last) output_ += "0\r\n" + producer_->trailers() + "\r\n";
}

}  // namespace modax::http
