#include "landing/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace modax::landing {
namespace {

std::string holder_of(int descriptor) {
    std::array<char, 24> text{};
    const ssize_t got = ::pread(descriptor, text.data(), text.size() - 1, 0);
    std::string pid{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return pid.empty() ? "unknown" : pid;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
    const auto path = directory / "modax.lock";
    DirectoryLock lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.descriptor_ < 0) {
        return fail(
            Errc::io_error,
            "cannot open '" + path.string() + "': " + std::generic_category().message(errno)
        );
    }
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fail(
                Errc::io_error,
                "cannot lock '" + path.string() + "': " + std::generic_category().message(errno)
            );
        }
        return fail(
            Errc::already_exists,
            "the data directory '" + directory.string() + "' is in use by process " +
                holder_of(lock.descriptor_) + ": stop it, or use another data directory"
        );
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.descriptor_, 0) != 0 ||
        ::pwrite(lock.descriptor_, pid.data(), pid.size(), 0) < 0) {
        return fail(
            Errc::io_error,
            "cannot write '" + path.string() + "': " + std::generic_category().message(errno)
        );
    }
    return lock;
}

DirectoryLock::~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace modax::landing
