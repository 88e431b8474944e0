#include "core/file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace modax {
namespace {

tl::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path& path) {
    const int code = errno;
    std::string detail{what};
    detail += " '" + path.string() + "': " + std::generic_category().message(code);
    return fail(code == ENOENT ? Errc::not_found : Errc::io_error, std::move(detail));
}

// Owns a file descriptor for the length of a scope.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_{fd} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

private:
    int fd_;
};

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            return false;
        }
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<std::string> PosixFileSystem::read(const std::filesystem::path& path) const {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.get() < 0) return system_failure("cannot open", path);
    std::string content;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0) {
            if (errno == EINTR) continue;
            return system_failure("cannot read", path);
        }
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

Status PosixFileSystem::write_atomic(
    const std::filesystem::path& path, std::string_view content, unsigned mode
) {
    std::filesystem::path temporary = path;
    temporary += ".tmp";
    {
        Descriptor file{::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
        if (file.get() < 0) return system_failure("cannot create", temporary);
        // open() applies the umask, and an old temporary file keeps its mode.
        if (::fchmod(file.get(), mode) != 0) return system_failure("cannot set mode of", temporary);
        if (!write_all(file.get(), content)) return system_failure("cannot write", temporary);
        if (::fsync(file.get()) != 0) return system_failure("cannot sync", temporary);
        if (!file.close()) return system_failure("cannot close", temporary);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0)
        return system_failure("cannot replace", path);
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    const Descriptor parent{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (parent.get() < 0 || ::fsync(parent.get()) != 0) {
        return system_failure("cannot sync directory", directory);
    }
    return {};
}

Status PosixFileSystem::remove(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0) return system_failure("cannot remove", path);
    return {};
}

Status PosixFileSystem::create_directories(const std::filesystem::path& path, unsigned mode) {
    std::error_code code;
    if (std::filesystem::is_directory(path, code)) return {};
    if (path.has_parent_path()) {
        if (auto parent = create_directories(path.parent_path(), mode); !parent) return parent;
    }
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
        return system_failure("cannot create directory", path);
    }
    return {};
}

bool PosixFileSystem::exists(const std::filesystem::path& path) const {
    std::error_code code;
    return std::filesystem::exists(path, code);
}

Result<std::uint64_t> PosixFileSystem::available_bytes(const std::filesystem::path& path) const {
    std::error_code code;
    const auto space = std::filesystem::space(path, code);
    if (code) {
        return fail(
            Errc::io_error, "cannot read free space of '" + path.string() + "': " + code.message()
        );
    }
    return space.available;
}

}  // namespace modax
