// Checks passwords on a thread of its own: one check takes tens of milliseconds (Argon2id), and the
// I/O thread has readings to take. At most 256 clients wait; more are told to come back.
#pragma once

#include "core/principal.hpp"
#include "core/result.hpp"

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace modax::mqtt {

class Authentication {
public:
    using Answer = std::function<void(Result<Principal>)>;  // called on the io_context's thread

    Authentication(MqttAuthenticator& authenticator, boost::asio::io_context& io);
    Authentication(const Authentication&) = delete;
    Authentication& operator=(const Authentication&) = delete;
    ~Authentication();

    // False: too many wait.
    bool submit(MqttCredentials credentials, Answer answer);

private:
    struct Job {
        MqttCredentials credentials;
        Answer answer;
    };
    void run(const std::stop_token& stop);

    MqttAuthenticator& authenticator_;
    boost::asio::io_context& io_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Job> jobs_;
    std::jthread thread_;
};

}  // namespace modax::mqtt
