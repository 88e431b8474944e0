#include "store/wait.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <system_error>
#include <utility>

namespace modax::store {

class Waiter::Wake {
public:
    explicit Wake(std::stop_token stop) : stopped_{std::move(stop), Signal{event_.descriptor}} {}

    int descriptor() const { return event_.descriptor; }

private:
    struct Event {
        int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        Event() {
            if (descriptor < 0) throw std::system_error{errno, std::generic_category(), "eventfd"};
        }
        Event(const Event&) = delete;
        Event& operator=(const Event&) = delete;
        ~Event() { close(descriptor); }
    };
    struct Signal {
        int descriptor;
        void operator()() const noexcept {
            const std::uint64_t one = 1;
            // Never read again, so that later waits end as well.
            [[maybe_unused]] const auto written = write(descriptor, &one, sizeof one);
        }
    };

    Event event_;
    std::stop_callback<Signal> stopped_;  // gone before the event
};

Waiter::Waiter(std::stop_token stop) : wake_{std::make_unique<Wake>(std::move(stop))} {}

Waiter::~Waiter() = default;

Waited Waiter::wait(int socket, short events, Deadline deadline) const {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now()
        );
        std::array<pollfd, 2> watched{
            pollfd{socket, events, 0}, pollfd{wake_->descriptor(), POLLIN, 0}};
        const auto timeout = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
        const int found = poll(watched.data(), watched.size(), timeout);
        if (found < 0 && errno == EINTR) continue;
        if (watched[1].revents != 0) return Waited::stopped;
        if (found < 0 || watched[0].revents != 0) return Waited::ready;
        if (std::chrono::steady_clock::now() >= deadline) return Waited::expired;
    }
}

}  // namespace modax::store
