// The first API key: made when there is none, printed once, and kept in a file of mode 0600.
#pragma once

#include "core/file_system.hpp"
#include "core/log.hpp"
#include "core/result.hpp"
#include "security/api_keys.hpp"

#include <filesystem>

namespace modax::app {

// DATA_DIR/admin-key.
std::filesystem::path admin_key_file(const std::filesystem::path& data_dir);

// Errors: those of the store and the file system.
Status make_first_key(
    security::ApiKeys& keys,
    FileSystem& files,
    const std::filesystem::path& data_dir,
    Timestamp now,
    Log& log
);

}  // namespace modax::app
