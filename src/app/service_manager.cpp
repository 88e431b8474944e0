#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace modax::app {
namespace {

std::optional<std::int64_t> number_of(const std::optional<std::string>& text) {
    std::int64_t number = 0;
    if (!text) return std::nullopt;
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return number;
}

}  // namespace

ServiceManager::ServiceManager(const Lookup& environment, const Clock& clock)
    : clock_{clock},
      socket_{environment("NOTIFY_SOCKET").value_or("")},
      next_sign_{clock.steady_now()} {
    const auto patience = number_of(environment("WATCHDOG_USEC"));
    const auto process = number_of(environment("WATCHDOG_PID"));
    if (!patience || *patience <= 0 || (process && *process != ::getpid())) return;
    patience_ = std::chrono::microseconds{*patience};
}

Status ServiceManager::ready(std::string_view status) {
    return send("READY=1\nSTATUS=" + std::string{status});
}

Status ServiceManager::stopping() {
    return send("STOPPING=1");
}

Status ServiceManager::alive() {
    if (!patience_ || clock_.steady_now() < next_sign_) return {};
    next_sign_ = clock_.steady_now() + *patience_ / 3;
    return send("WATCHDOG=1");
}

Status ServiceManager::send(std::string_view message) const {
    if (socket_.empty()) return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if ((socket_.front() != '/' && socket_.front() != '@') ||
        socket_.size() >= sizeof address.sun_path) {
        return fail(Errc::io_error, "NOTIFY_SOCKET is no address of a socket: " + socket_);
    }
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_.front() == '@') address.sun_path[0] = '\0';  // Linux's abstract names
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return fail(
            Errc::io_error, "no socket for systemd: " + std::generic_category().message(errno)
        );
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    const auto sent = ::sendto(
        descriptor,
        message.data(),
        message.size(),
        MSG_NOSIGNAL,
        reinterpret_cast<const sockaddr*>(&address),
        size
    );
    const int reason = errno;
    ::close(descriptor);
    if (sent >= 0) return {};
    return fail(
        Errc::io_error,
        "systemd can't be told at " + socket_ + ": " + std::generic_category().message(reason)
    );
}

}  // namespace modax::app
