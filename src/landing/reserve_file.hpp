// Room kept back on the disk: a file of zeros that is removed when the disk is full, so that the
// write-ahead log can be copied, old readings deleted, and changes (audit, keys, reports) finished.
// Source: PROMISES 2.2. Used by the writer's thread.
#pragma once

#include "core/file_system.hpp"

#include <cstdint>
#include <filesystem>

namespace modax::landing {

class ReserveFile {
public:
    // `bytes` 0: none is kept.
    ReserveFile(const FileSystem& files, std::filesystem::path path, std::uint64_t bytes);

    // Made (again) when the file system has four times as much; otherwise nothing happens.
    void keep();
    // True when there was something to give.
    bool release();
    std::uint64_t bytes() const { return kept_ ? bytes_ : 0; }

private:
    const FileSystem& files_;
    const std::filesystem::path path_;
    const std::uint64_t bytes_;
    bool kept_ = false;
};

}  // namespace modax::landing
