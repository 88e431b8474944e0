#include "landing/reserve_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace modax::landing {
namespace {

// So that the reserve itself never makes a small disk full.
constexpr std::uint64_t k_share_of_free = 4;

}  // namespace

ReserveFile::ReserveFile(const FileSystem& files, std::filesystem::path path, std::uint64_t bytes)
    : files_{files}, path_{std::move(path)}, bytes_{bytes} {
    std::error_code code;
    const auto size = std::filesystem::file_size(path_, code);
    kept_ = !code && bytes_ > 0 && size == bytes_;
    if (!code && !kept_) std::filesystem::remove(path_, code);
    keep();
}

void ReserveFile::keep() {
    if (kept_ || bytes_ == 0) return;
    const auto available = files_.available_bytes(path_.parent_path());
    if (!available || *available / k_share_of_free < bytes_) return;
    const int descriptor = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    kept_ = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes_)) == 0;
    ::close(descriptor);
    std::error_code code;
    if (!kept_) std::filesystem::remove(path_, code);
}

bool ReserveFile::release() {
    if (!kept_) return false;
    std::error_code code;
    std::filesystem::remove(path_, code);
    kept_ = false;
    return !code;
}

}  // namespace modax::landing
