#include "mqtt/listener/authentication.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace modax::mqtt {
namespace {

constexpr std::size_t k_max_waiting = 256;

}  // namespace

Authentication::Authentication(MqttAuthenticator& authenticator, boost::asio::io_context& io)
    : authenticator_{authenticator}, io_{io}, thread_{[this](const std::stop_token& stop) {
          run(stop);
      }} {}

Authentication::~Authentication() = default;

bool Authentication::submit(MqttCredentials credentials, Answer answer) {
    {
        const std::lock_guard lock{mutex_};
        if (jobs_.size() >= k_max_waiting) return false;
        jobs_.push_back(Job{std::move(credentials), std::move(answer)});
    }
    changed_.notify_one();
    return true;
}

void Authentication::run(const std::stop_token& stop) {
    for (;;) {
        Job job;
        {
            std::unique_lock lock{mutex_};
            if (!changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        Result<Principal> result = fail(Errc::unavailable, "the password could not be checked");
        try {
            result = authenticator_.authenticate(job.credentials);
        } catch (const std::exception& error) {
            result = fail(Errc::unavailable, error.what());
        }
        boost::asio::post(io_, [answer = std::move(job.answer), result = std::move(result)] {
            answer(result);
        });
    }
}

}  // namespace modax::mqtt
