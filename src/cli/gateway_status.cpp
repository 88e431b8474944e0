#include "cli/gateway_status.hpp"

#include "app/diagnosis.hpp"
#include "app/endpoints_file.hpp"
#include "cli/http_download.hpp"
#include "core/file_system.hpp"

#include <nlohmann/json.hpp>

namespace modax::cli {

Result<std::string> ask_running_gateway(const config::Config& config, const std::string& path) {
    const PosixFileSystem files;
    if (!app::running_gateway(config, files)) {
        return fail(Errc::not_found, "no gateway runs on " + config.data_dir.string());
    }
    const auto text = files.read(app::endpoints_file(config.data_dir));
    if (!text) return tl::make_unexpected(text.error());
    const auto endpoints = nlohmann::json::parse(*text, nullptr, false);
    const bool tls = !endpoints.is_object() || !endpoints.contains("http");
    const auto url = endpoints.is_object() ? endpoints.value(tls ? "https" : "http", "") : "";
    if (url.empty()) return fail(Errc::not_found, "the gateway's REST interface is off");
    auto address = parse_http_address(url);
    if (!address) return tl::make_unexpected(address.error());
    HttpDownload what;
    what.address = *address;
    what.target = path;
    what.ca_file = endpoints.value("ca_file", "");
    what.silence = std::chrono::seconds{10};
    std::string body;
    const auto done = download(
        what,
        [](const HttpHead&) { return Status{}; },
        [&body](std::string_view part) {
            body += part;
            return Status{};
        }
    );
    if (!done) return tl::make_unexpected(done.error());
    return body;
}

}  // namespace modax::cli
