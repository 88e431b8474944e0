#include "connectors/jq.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace modax::connectors {
namespace {

using Clock = std::chrono::steady_clock;

class Worker {
public:
    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        if (socket_ >= 0) close(socket_);
        if (process_ > 0) {
            kill(process_, SIGKILL);
            (void)end();
        }
    }

    // One socket is both ends of its standard input and output.
    Status start(const std::filesystem::path& program) {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return failed();
        socket_ = ends[0];
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions, 3);
        std::string path = program.string();
        std::string command = k_jq_worker_command;
        const std::array<char*, 3> arguments{path.data(), command.data(), nullptr};
        const std::array<char*, 1> no_environment{nullptr};
        const int error = posix_spawn(
            &process_, path.c_str(), &actions, nullptr, arguments.data(), no_environment.data()
        );
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        if (error == 0) return {};
        process_ = 0;
        errno = error;
        return failed();
    }

    // Gives `input`, takes what comes; false when it took too long or gave too much.
    bool talk(std::string_view input, std::string& output, const JqLimits& limits) const {
        const auto deadline = Clock::now() + limits.time;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return false;
            pollfd waiting{socket_, POLLIN, 0};
            if (!input.empty()) waiting.events |= POLLOUT;
            const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
            if (ready == 0) return false;
            if (ready < 0) continue;  // EINTR
            if ((waiting.revents & POLLOUT) != 0 && !give(input)) input = {};
            if ((waiting.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
            std::array<char, 16UL * 1024> buffer{};
            const auto got = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
            if (got > 0) output.append(buffer.data(), static_cast<std::size_t>(got));
            if (output.size() > limits.output_bytes) return false;
        }
    }

    // The status of waitpid(2).
    int end() {
        int status = 0;
        while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = 0;
        return status;
    }

private:
    static Status failed() {
        return fail(
            Errc::io_error,
            "the mapping's worker can't be started: " + std::generic_category().message(errno)
        );
    }
    // False when the worker takes no more.
    bool give(std::string_view& input) const {
        const auto sent = send(socket_, input.data(), input.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        input.remove_prefix(static_cast<std::size_t>(sent));
        if (input.empty()) shutdown(socket_, SHUT_WR);
        return true;
    }

    int socket_ = -1;
    pid_t process_ = 0;
};

}  // namespace

Result<std::string> Jq::run(std::string_view jq, std::string_view input) const {
    Worker worker;
    if (auto started = worker.start(program_); !started) {
        return tl::make_unexpected(started.error());
    }
    std::string request = std::to_string(jq.size()) + '\n';
    request.append(jq).append(input);
    std::string output;
    if (!worker.talk(request, output, limits_)) {
        return fail(
            Errc::resource_exhausted,
            output.size() > limits_.output_bytes
                ? "the mapping gave more than " + std::to_string(limits_.output_bytes) +
                      " bytes and was ended"
                : "the mapping took longer than " + std::to_string(limits_.time.count()) +
                      " ms and was ended"
        );
    }
    const int status = worker.end();
    if (!WIFEXITED(status)) {
        return fail(
            Errc::resource_exhausted,
            "the mapping used too much time or memory and was ended (signal " +
                std::to_string(WTERMSIG(status)) + ")"
        );
    }
    if (WEXITSTATUS(status) == 0) return output;
    return fail(Errc::invalid_argument, "the mapping failed: " + output);
}

}  // namespace modax::connectors
