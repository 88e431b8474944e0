// CSV files as `modax replay` reads them: rows or a message with the line, and nothing else.
#include "simulation/csv_replay.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace modax::simulation;
    std::string text{reinterpret_cast<const char*>(data), size};
    auto replay =
        CsvReplay::open(std::make_unique<std::istringstream>(std::move(text)), "x", size, {});
    if (!replay) {
        if (replay.error().detail.rfind("x:", 0) != 0) std::abort();
        return 0;
    }
    std::chrono::microseconds last{0};
    while (true) {
        const auto row = replay->next();
        if (!row) {
            if (row.error().detail.rfind("x:", 0) != 0) std::abort();
            continue;  // goes on with the row behind it
        }
        if (!*row) break;
        if ((*row)->offset < last || (*row)->members.empty()) std::abort();
        last = (*row)->offset;
    }
    if (replay->progress() != 1) std::abort();
    return 0;
}
