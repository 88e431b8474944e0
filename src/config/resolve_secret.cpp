#include "config/load.hpp"

#include <string>
#include <string_view>

namespace modax::config {
namespace {

Result<Secret> read_secret(
    std::string_view reference, const std::filesystem::path& path, const FileSystem& files
) {
    const std::string name = "the secret " + std::string{reference};
    const auto content = files.read(path);
    if (!content) return fail(content.error().code, name + ": " + content.error().detail);
    std::string_view value = *content;
    if (value.ends_with('\n')) value.remove_suffix(1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    if (value.empty()) {
        return fail(Errc::invalid_argument, name + " is empty; write the secret into it");
    }
    return Secret{value};
}

}  // namespace

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
    if (text.starts_with("file:")) return read_secret(text, std::string{text.substr(5)}, files);
    if (text.starts_with("credential:")) {
        // systemd.exec(5): LoadCredential= and its kin.
        const auto directory = environment ? environment("CREDENTIALS_DIRECTORY") : std::nullopt;
        if (!directory) {
            return fail(
                Errc::not_found,
                "the secret " + reference.text +
                    ": there is no CREDENTIALS_DIRECTORY; give the service the credential with "
                    "LoadCredential="
            );
        }
        const auto file = std::filesystem::path{*directory} / text.substr(11);
        return read_secret(text, file, files);
    }
    // load() refuses such a text; it may be the secret itself, so it is not shown.
    return fail(
        Errc::invalid_argument,
        R"(a secret must be named by "env:NAME", "file:PATH" or "credential:NAME")"
    );
}

}  // namespace modax::config
