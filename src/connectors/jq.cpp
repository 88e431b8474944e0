#include "connectors/jq.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>

namespace modax::connectors {
namespace {

using Clock = std::chrono::steady_clock;

// Workers that wait for the next mapping; more than these end after their mapping.
constexpr std::size_t k_idle_workers = 4;
// Then a worker is replaced: what jq may leak stays small.
constexpr unsigned k_mappings_of_a_worker = 10'000;

// What a worker says, as far as it has come.
struct Spoken {
    std::string bytes;
    std::size_t start = 0;  // of the text; 0: its size is not known yet
    std::size_t size = 0;
    bool failed = false;

    // False when it is no answer of a worker.
    bool look() {
        const auto line = bytes.find('\n');
        if (start != 0 || line == std::string::npos) return true;
        failed = bytes[0] == '1';
        const char* end = bytes.data() + line;
        if (line < 3 || std::from_chars(bytes.data() + 2, end, size).ptr != end) return false;
        start = line + 1;
        return true;
    }
    bool whole() const { return start != 0 && bytes.size() >= start + size; }
};

enum class Talk { answered, ended, too_long, too_much };

}  // namespace

class Jq::Worker {
public:
    Worker() = default;
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        if (socket_ >= 0) close(socket_);
        if (process_ > 0) (void)end();
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

    // Whether it waits for a mapping: it has neither ended nor said anything.
    bool waits() const {
        pollfd state{socket_, POLLIN, 0};
        return poll(&state, 1, 0) == 0;
    }
    bool is_worn() const { return mappings_ >= k_mappings_of_a_worker; }

    Talk talk(std::string_view request, Spoken& spoken, const JqLimits& limits) {
        ++mappings_;
        const auto deadline = Clock::now() + limits.time;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return Talk::too_long;
            pollfd waiting{socket_, POLLIN, 0};
            if (!request.empty()) waiting.events |= POLLOUT;
            const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
            if (ready == 0) return Talk::too_long;
            if (ready < 0) continue;  // EINTR
            if ((waiting.revents & POLLOUT) != 0 && !give(request)) request = {};
            if ((waiting.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
            if (!hear(spoken)) return Talk::ended;
            if (spoken.size > limits.output_bytes) return Talk::too_much;
            if (spoken.whole()) return Talk::answered;
        }
    }

    // The status of waitpid(2).
    int end() {
        kill(process_, SIGKILL);  // of one that has ended already: nothing
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
        return true;
    }
    // False when it has ended, or speaks otherwise than a worker does.
    bool hear(Spoken& spoken) const {
        std::array<char, 16UL * 1024> buffer{};
        const auto got = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        spoken.bytes.append(buffer.data(), static_cast<std::size_t>(got));
        return got > 0 && spoken.look();
    }

    int socket_ = -1;
    pid_t process_ = 0;
    unsigned mappings_ = 0;
};

Jq::Jq(std::filesystem::path program, JqLimits limits)
    : program_{std::move(program)}, limits_{limits} {}

Jq::~Jq() = default;

Result<std::unique_ptr<Jq::Worker>> Jq::take() const {
    {
        const std::lock_guard guard{mutex_};
        while (!idle_.empty()) {
            auto worker = std::move(idle_.back());
            idle_.pop_back();
            // One that the system has ended while it waited says nothing about the next mapping.
            if (worker->waits()) return worker;
        }
    }
    auto worker = std::make_unique<Worker>();
    if (auto started = worker->start(program_); !started) {
        return tl::make_unexpected(started.error());
    }
    return worker;
}

void Jq::give_back(std::unique_ptr<Worker> worker) const {
    if (worker->is_worn()) return;
    const std::lock_guard guard{mutex_};
    if (idle_.size() < k_idle_workers) idle_.push_back(std::move(worker));
}

Result<std::string> Jq::run(std::string_view jq, std::string_view input) const {
    auto worker = take();
    if (!worker) return tl::make_unexpected(worker.error());
    std::string request = std::to_string(jq.size()) + ' ' + std::to_string(input.size()) + '\n';
    request.append(jq).append(input);
    Spoken spoken;
    switch ((*worker)->talk(request, spoken, limits_)) {
        case Talk::too_much:
            return fail(
                Errc::resource_exhausted,
                "the mapping gave more than " + std::to_string(limits_.output_bytes) +
                    " bytes and was ended"
            );
        case Talk::too_long:
            return fail(
                Errc::resource_exhausted,
                "the mapping took longer than " + std::to_string(limits_.time.count()) +
                    " ms and was ended"
            );
        case Talk::ended: {
            const int status = (*worker)->end();
            return fail(
                Errc::resource_exhausted,
                "the mapping used too much time or memory and was ended (" +
                    (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                         : "code " + std::to_string(WEXITSTATUS(status))) +
                    ")"
            );
        }
        case Talk::answered:
            break;
    }
    give_back(std::move(*worker));
    auto text = spoken.bytes.substr(spoken.start, spoken.size);
    if (spoken.failed) return fail(Errc::invalid_argument, "the mapping failed: " + text);
    return text;
}

}  // namespace modax::connectors
