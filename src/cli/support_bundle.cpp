// `modax support-bundle`: what a person who helps needs to know, in one text file to read before it
// is sent. No readings, no keys, no passwords.
#include "app/diagnosis.hpp"
#include "cli/command.hpp"
#include "cli/gateway_status.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/version.hpp"

#include <sys/utsname.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <regex>

namespace modax::cli {
namespace {

struct BundleOptions {
    ConfigOptions config;
    std::filesystem::path file;
};

// A value that should have been a reference (env:, file:, credential:) but may be the secret
// itself.
std::string redacted(const std::string& text) {
    static const std::regex secret{
        R"re(((?:password|secret|token|credential)[A-Za-z_]*\s*=\s*")(?!env:|file:|credential:)[^"]*")re",
        std::regex::icase};
    static const std::regex in_url{R"re(//[^/@\s"]*:[^/@\s"]*@)re"};
    return std::regex_replace(
        std::regex_replace(text, secret, "$1(left out)\""), in_url, "//(left out)@"
    );
}

class Bundle {
public:
    void section(std::string_view title, std::string_view text) {
        text_.append("==== ").append(title).append(" ====\n").append(text);
        if (!text.empty() && text.back() != '\n') text_ += '\n';
        text_ += '\n';
    }
    void answer(std::string_view title, const Result<std::string>& text) {
        section(title, text ? std::string_view{*text} : std::string_view{text.error().detail});
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string machine() {
    utsname name{};
    std::string text;
    if (::uname(&name) == 0) {
        text = std::string{name.sysname} + ' ' + name.release + ' ' + name.machine + '\n';
    }
    return text;
}

std::string findings_of(const config::Config& config) {
    std::string text;
    for (const auto& finding : app::diagnose(config, PosixFileSystem{}, SystemClock{})) {
        text.append(name_of(finding.state)).append("  ").append(finding.check);
        text.append(": ").append(finding.text) += '\n';
    }
    return text;
}

std::string files_of(const std::filesystem::path& directory) {
    std::string text;
    std::error_code error;
    const std::filesystem::recursive_directory_iterator all{
        directory, std::filesystem::directory_options::skip_permission_denied, error};
    for (const auto& entry : all) {
        std::error_code unreadable;
        const auto size = entry.is_regular_file(unreadable) ? entry.file_size(unreadable) : 0;
        text += std::to_string(size) + "  " +
                std::filesystem::relative(entry.path(), directory, unreadable).string() + '\n';
    }
    return error ? error.message() : text;
}

int run(const BundleOptions& options) {
    const auto config = load_config(options.config);
    if (!config) return k_exit_config;
    PosixFileSystem files;
    const auto now = format_iso8601(SystemClock{}.now());
    Bundle bundle;
    bundle.section("modax", "version " + std::string{k_version} + "\nmade " + now);
    bundle.section("machine", machine());
    bundle.answer("system", files.read("/etc/os-release"));
    bundle.section("findings", findings_of(*config));
    if (options.config.file) {
        const auto text = files.read(*options.config.file);
        bundle.answer("configuration", text ? Result<std::string>{redacted(*text)} : text);
    }
    std::string sets;
    for (const std::string& set : options.config.sets) sets += set.substr(0, set.find('=')) + '\n';
    bundle.section("set on the command line (names only)", sets);
    bundle.answer("ready", ask_running_gateway(*config, "/ready"));
    bundle.answer("metrics", ask_running_gateway(*config, "/metrics"));
    bundle.section("files of the data directory (bytes)", files_of(config->data_dir));
    const auto file = options.file.empty()
                          ? std::filesystem::path{"modax-support-" + now.substr(0, 10) + ".txt"}
                          : options.file;
    if (auto written = files.write_atomic(file, bundle.text(), 0600); !written) {
        return report(written.error());
    }
    std::cout << file.string() << ": " << bundle.text().size()
              << " bytes. Read it before you send it; add the log (journalctl -u modax).\n";
    return k_exit_ok;
}

}  // namespace

void add_support_bundle(CLI::App& app, Action& action) {
    auto* bundle = app.add_subcommand(
        "support-bundle",
        "Write a text file for whoever helps: versions, findings, figures, configuration; no "
        "readings and no secrets"
    );
    const auto options = std::make_shared<BundleOptions>();
    add_config_options(*bundle, options->config);
    bundle->add_option("-o,--output", options->file, "The file; default: modax-support-DATE.txt");
    bundle->callback([&action, options] { action = [options] { return run(*options); }; });
}

}  // namespace modax::cli
