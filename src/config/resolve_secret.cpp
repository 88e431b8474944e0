#include "config/load.hpp"

#include <string>
#include <string_view>

namespace modax::config {

Result<Secret> resolve_secret(
    const SecretReference& reference, const EnvironmentLookup& environment, const FileSystem& files
) {
    if (reference.empty()) return Secret{};
    const std::string_view text = reference.text;
    if (text.starts_with("env:")) {
        const std::string name{text.substr(4)};
        const auto value = environment ? environment(name) : std::nullopt;
        if (!value) {
            return fail(
                Errc::not_found,
                "the secret env:" + name + " is not set; set the environment variable " + name
            );
        }
        if (value->empty()) {
            return fail(Errc::invalid_argument, "the secret env:" + name + " is empty; set it");
        }
        return Secret{*value};
    }
    if (text.starts_with("file:")) {
        const std::string path{text.substr(5)};
        const auto content = files.read(path);
        if (!content) {
            return fail(
                content.error().code, "the secret file:" + path + ": " + content.error().detail
            );
        }
        std::string_view value = *content;
        if (value.ends_with('\n')) value.remove_suffix(1);
        if (value.ends_with('\r')) value.remove_suffix(1);
        if (value.empty()) {
            return fail(
                Errc::invalid_argument,
                "the secret file:" + path + " is empty; write the secret into it"
            );
        }
        return Secret{value};
    }
    // load() refuses such a text; it may be the secret itself, so it is not shown.
    return fail(Errc::invalid_argument, R"(a secret must be named by "env:NAME" or "file:PATH")");
}

}  // namespace modax::config
