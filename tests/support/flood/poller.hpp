// epoll, as little of it as the test peers need. One thread.
#pragma once

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <span>
#include <system_error>

namespace modax::flood {

class Poller {
public:
    Poller() : descriptor_{epoll_create1(EPOLL_CLOEXEC)} {
        if (descriptor_ < 0) {
            throw std::system_error(errno, std::generic_category(), "create an epoll");
        }
    }
    ~Poller() { close(descriptor_); }
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    // `token` comes back with each event. A closed descriptor leaves by itself.
    void add(int descriptor, std::uint64_t token) { set(EPOLL_CTL_ADD, descriptor, token, true); }
    void want_output(int descriptor, std::uint64_t token, bool wanted) {
        set(EPOLL_CTL_MOD, descriptor, token, wanted);
    }
    // No more events of it.
    void ignore(int descriptor) const {
        epoll_ctl(descriptor_, EPOLL_CTL_DEL, descriptor, nullptr);
    }
    // What is ready now or becomes ready within `timeout`; valid until the next call.
    std::span<const epoll_event> wait(std::chrono::milliseconds timeout) {
        const int count = epoll_wait(
            descriptor_,
            events_.data(),
            static_cast<int>(events_.size()),
            static_cast<int>(timeout.count())
        );
        return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
    }

private:
    void set(int operation, int descriptor, std::uint64_t token, bool output) const {
        epoll_event event{};
        event.events = EPOLLIN | (output ? EPOLLOUT : 0U);
        event.data.u64 = token;
        if (epoll_ctl(descriptor_, operation, descriptor, &event) != 0) {
            throw std::system_error(errno, std::generic_category(), "watch a socket");
        }
    }

    int descriptor_;
    std::array<epoll_event, 256> events_{};
};

}  // namespace modax::flood
