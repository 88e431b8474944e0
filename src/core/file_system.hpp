// The few things the gateway does with files outside its database, as a port.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace modax {

// Thread-safe. Errors: not_found, io_error (detail names the path and the reason).
class FileSystem {
public:
    virtual ~FileSystem() = default;
    virtual Result<std::string> read(const std::filesystem::path& path) const = 0;
    // Replaces the file as a whole or not at all (temporary file, fsync, rename, fsync of the
    // directory). `mode` is the permission of the new file, for example 0600.
    virtual Status write_atomic(
        const std::filesystem::path& path, std::string_view content, unsigned mode
    ) = 0;
    virtual Status remove(const std::filesystem::path& path) = 0;
    virtual Status create_directories(const std::filesystem::path& path, unsigned mode) = 0;
    virtual bool exists(const std::filesystem::path& path) const = 0;
    // Bytes an unprivileged process can still write on the file system that holds `path`.
    virtual Result<std::uint64_t> available_bytes(const std::filesystem::path& path) const = 0;
};

class PosixFileSystem final : public FileSystem {
public:
    Result<std::string> read(const std::filesystem::path& path) const override;
    Status write_atomic(const std::filesystem::path& path, std::string_view content, unsigned mode)
        override;
    Status remove(const std::filesystem::path& path) override;
    Status create_directories(const std::filesystem::path& path, unsigned mode) override;
    bool exists(const std::filesystem::path& path) const override;
    Result<std::uint64_t> available_bytes(const std::filesystem::path& path) const override;
};

}  // namespace modax
