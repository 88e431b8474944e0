// Appends to a file that only its owner reads, and waits for the disk. Internal to security.
#pragma once

#include "core/result.hpp"

#include <filesystem>
#include <string_view>

namespace modax::security {

// Makes the file (0600) when there is none. Errors: io_error.
Status append_file(const std::filesystem::path& file, std::string_view text);

}  // namespace modax::security
