// A new certificate for the server, made by a command beside it; the server takes it by itself.
#pragma once

#include "core/file_system.hpp"
#include "opcua/server.hpp"

namespace modax::opcua {

// In own/ of the options' folder, for the same hosts as at the first start. Errors: io_error.
Status renew(const ServerOptions& options, FileSystem& files);

}  // namespace modax::opcua
