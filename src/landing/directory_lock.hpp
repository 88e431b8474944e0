// One process for each data directory: an flock on DIR/modax.lock, given back by the kernel however
// the process ends.
#pragma once

#include "core/result.hpp"

#include <filesystem>
#include <utility>

namespace modax::landing {

class DirectoryLock {
public:
    // Errors: already_exists when another process holds it (detail names its pid); io_error.
    static Result<DirectoryLock> take(const std::filesystem::path& directory);

    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;
    DirectoryLock(DirectoryLock&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, -1)} {}
    DirectoryLock& operator=(DirectoryLock&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~DirectoryLock();

private:
    explicit DirectoryLock(int descriptor) : descriptor_{descriptor} {}

    int descriptor_ = -1;
};

}  // namespace modax::landing
