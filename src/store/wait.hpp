// Waiting for a socket with a deadline and a stop request. Used by the thread of the connection;
// the stop request may come from any.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>

namespace modax::store {

using Deadline = std::chrono::steady_clock::time_point;

enum class Waited {
    ready,
    expired,
    stopped,
};

class Waiter {
public:
    // A stop request of `stop` ends every wait, also those that come later.
    explicit Waiter(std::stop_token stop);
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter();

    // `events`: POLLIN, POLLOUT. An error on the socket counts as ready: the next call tells it.
    Waited wait(int socket, short events, Deadline deadline) const;

private:
    class Wake;
    std::unique_ptr<Wake> wake_;
};

}  // namespace modax::store
