// A stream, compressed (RFC 1952). The same bytes in are the same bytes out.
#pragma once

#include "core/export.hpp"

#include <memory>

namespace modax::exporter {

// Errors: resource_exhausted.
Result<std::unique_ptr<ExportStream>> compress(std::unique_ptr<ExportStream> plain);

}  // namespace modax::exporter
