#include "app/database.hpp"

#include "config/load.hpp"

namespace modax::app {

Result<store::Target> database_target(const config::Config& config) {
    const auto& database = config.database;
    if (database.url.empty()) {
        return fail(
            Errc::invalid_argument,
            "there is no plant store: set database.url to postgresql://USER@HOST:PORT/DATABASE"
        );
    }
    const PosixFileSystem files;
    auto password = config::resolve_secret(database.password, config::process_environment(), files);
    if (!password) return tl::make_unexpected(password.error());
    store::Target target;
    target.url = database.url;
    target.password = std::move(*password);
    target.ca_file = database.ca_file;
    target.connect_timeout = database.connect_timeout;
    target.statement_timeout = database.statement_timeout;
    if (auto checked = store::connection_parameters(target); !checked) {
        return tl::make_unexpected(checked.error());
    }
    return target;
}

}  // namespace modax::app
