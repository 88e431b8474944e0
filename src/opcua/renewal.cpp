#include "opcua/renewal.hpp"

#include "opcua/own_certificate.hpp"
#include "opcua/server_config.hpp"

namespace modax::opcua {

Status renew(const ServerOptions& options, FileSystem& files) {
    return renew_own_certificate(options.folder, hosts_of(options), files);
}

}  // namespace modax::opcua
