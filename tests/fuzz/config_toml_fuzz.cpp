// A configuration file of any content: every problem has a text, and what loads passes its own
// rules. Values of secrets are never shown.
#include "config/load.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

// In memory where there is such a folder: the file is written for every input.
std::filesystem::path scratch_file() {
    const std::filesystem::path memory{"/dev/shm"};
    const auto folder =
        std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
    return folder / ("modax-fuzz-" + std::to_string(::getpid()) + ".toml");
}

struct Scratch {
    std::filesystem::path file = scratch_file();
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove(file, ignored);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Scratch scratch;
    std::FILE* out = std::fopen(scratch.file.c_str(), "wb");
    require(out != nullptr);
    require(std::fwrite(data, 1, size, out) == size);
    std::fclose(out);
    modax::config::Sources sources;
    sources.file = scratch.file;
    const auto loaded = modax::config::load(sources);
    if (loaded) return 0;
    require(!loaded.error().empty());
    for (const auto& problem : loaded.error()) require(!problem.line().empty());
    return 0;
}
