// The port to exports: a device's history over an interval that is over, as bytes in one of four
// formats, made part by part so that nobody holds all of it. Implemented by exporter.
#pragma once

#include "core/device.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace modax {

enum class ExportFormat : std::uint8_t { csv, json, ndjson, xlsx };

struct ExportRequest {
    const Device* device = nullptr;
    Timestamp start;  // inclusive
    Timestamp end;    // exclusive
    ExportFormat format = ExportFormat::csv;
    std::chrono::microseconds resolution{0};  // width of a bucket, whole minutes; 0: the readings
    std::string resolution_name = "raw";
    std::vector<std::string> metrics;  // empty: all
    bool gzip = false;                 // not with xlsx
};

// Used by one thread at a time; blocks on the disk.
class ExportStream {
public:
    static constexpr std::size_t k_part_bytes = 64 * 1024;

    virtual ~ExportStream() = default;
    // Appends the next part, about k_part_bytes, or nothing yet; true when there is more. Holds no
    // transaction and no thread between two calls. Errors: those of the store; resource_exhausted.
    virtual Result<bool> read(std::string& out) = 0;
};

// Thread-safe; blocks on the disk, so never on an I/O thread.
class Exporter {
public:
    virtual ~Exporter() = default;
    // A text that changes when a reading was added to the interval, or its readings were deleted.
    // The same request with the same version is the same bytes.
    virtual Result<std::string> version(const ExportRequest& request) const = 0;
    // Errors: invalid_argument (too much for the format), unavailable (try again).
    virtual Result<std::unique_ptr<ExportStream>> open(const ExportRequest& request) const = 0;
};

}  // namespace modax
