// `modax export`: a device's history from a gateway into a file. What was broken off goes on where
// it was, in the same run or the next one, and the whole is checked against its digest.
#include "cli/command.hpp"
#include "cli/http_download.hpp"
#include "cli/progress.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "security/digest.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

namespace modax::cli {
namespace {

struct ExportOptions {
    std::string device;
    std::string url;
    std::string key_file;
    std::string ca_file;
    std::string format = "csv";
    std::string start;
    std::string end;
    std::string metrics;
    std::string resolution = "raw";
    std::string output;
    bool force = false;
};

constexpr int k_attempts = 6;  // without a byte in between
constexpr std::chrono::milliseconds k_first_pause{250};

std::string escape(std::string_view text) {
    constexpr std::string_view k_hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            out += '%';
            out += k_hex[byte >> 4U];
            out += k_hex[byte & 0xFU];
        }
    }
    return out;
}

// The file as far as it came, beside it what was asked and the ETag of the answer.
class Target {
public:
    explicit Target(std::string file)
        : file_{std::move(file)}, part_{file_ + ".part"}, note_{file_ + ".part.request"} {}

    // The request of a run before that was broken off; empty: none.
    std::string request() { return line(0); }
    std::string etag() { return line(1); }
    std::uint64_t size() const {
        std::error_code code;
        const auto size = std::filesystem::file_size(part_, code);
        return code ? 0 : size;
    }
    Status begin(const std::string& request, const std::string& etag) {
        out_.close();
        out_.open(part_, std::ios::binary | std::ios::trunc);
        std::ofstream{note_} << request << '\n' << etag << '\n';
        return opened();
    }
    Status go_on() {
        out_.close();
        out_.open(part_, std::ios::binary | std::ios::app);
        return opened();
    }
    Status write(std::string_view part) {
        out_.write(part.data(), static_cast<std::streamsize>(part.size()));
        if (out_) return {};
        return fail(Errc::resource_exhausted, "cannot write '" + part_ + "': is the disk full?");
    }
    void pause() { out_.close(); }
    Result<std::string> digest() {
        out_.close();
        security::RunningSha256 digest;
        std::ifstream in{part_, std::ios::binary};
        std::array<char, 64 * 1024> buffer{};
        while (in) {
            in.read(buffer.data(), buffer.size());
            digest.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
        }
        if (in.bad()) return fail(Errc::io_error, "cannot read '" + part_ + "'");
        return "sha-256=:" + digest.finish() + ":";
    }
    Status finish() {
        std::error_code code;
        std::filesystem::rename(part_, file_, code);
        if (code) return fail(Errc::io_error, "cannot rename '" + part_ + "': " + code.message());
        std::filesystem::remove(note_, code);
        return {};
    }
    void drop() {
        out_.close();
        std::error_code code;
        std::filesystem::remove(part_, code);
        std::filesystem::remove(note_, code);
    }

private:
    std::string line(int number) {
        std::ifstream in{note_};
        std::string text;
        for (int i = 0; i <= number; ++i) {
            if (!std::getline(in, text)) return {};
        }
        return text;
    }
    Status opened() const {
        if (out_) return {};
        return fail(Errc::io_error, "cannot write '" + part_ + "': check --output");
    }

    std::string file_;
    std::string part_;
    std::string note_;
    std::ofstream out_;
};

class Export {
public:
    Export(const ExportOptions& options, HttpAddress address, std::string key)
        : options_{options},
          target_{options.output},
          progress_{"export " + options.device, "bytes", std::nullopt} {
        download_.address = std::move(address);
        download_.ca_file = options.ca_file;
        key_field_ = "X-API-Key: " + std::move(key) + "\r\n";
    }

    Status run() {
        choose_request();
        auto pause = k_first_pause;
        for (int left = k_attempts; left > 0; --left) {
            const std::uint64_t before = target_.size();
            auto head = attempt();
            if (head) return finish(*head);
            const Errc code = head.error().code;
            // A refusal stays one; a broken connection or a busy gateway may not.
            if (code != Errc::io_error && code != Errc::unavailable) {
                return tl::make_unexpected(head.error());
            }
            last_ = head.error();
            if (target_.size() > before) {
                left = k_attempts;
                pause = k_first_pause;
            }
            if (left > 1) std::this_thread::sleep_for(pause);
            pause *= 2;
        }
        return tl::make_unexpected(Error{
            last_.code, last_.detail + "; the same command goes on where it was"});
    }

private:
    // The interval of a run that was broken off, unless it is asked for another one.
    void choose_request() {
        const std::string path = "/api/v1/export/" + escape(options_.device) + '/' +
                                 options_.format + "?resolution=" + escape(options_.resolution) +
                                 "&metrics=" + escape(options_.metrics);
        const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock{}.now());
        const auto end =
            options_.end.empty() ? std::optional<Timestamp>{now} : parse_iso8601(options_.end);
        std::string start = options_.start;
        if (start.empty() && end) start = format_iso8601(*end - std::chrono::days{1});
        const std::string until = options_.end.empty() ? format_iso8601(now) : options_.end;
        request_ = path + "&start=" + escape(start) + "&end=" + escape(until);
        const std::string old = target_.request();
        const bool same_path = old.starts_with(path + "&start=");
        const bool same =
            options_.end.empty() && options_.start.empty() ? same_path : old == request_;
        if (!old.empty() && same) {
            request_ = old;
        } else if (!old.empty()) {
            target_.drop();
        }
    }

    Result<HttpHead> attempt() {
        download_.target = request_;
        download_.fields = key_field_;
        const std::uint64_t have = target_.size();
        const std::string etag = target_.etag();
        const bool resumable = have > 0 && !etag.empty() && options_.format != "xlsx";
        if (resumable) {
            download_.fields +=
                "Range: bytes=" + std::to_string(have) + "-\r\nIf-Range: " + etag + "\r\n";
        }
        std::string problem;
        int status = 0;
        auto head = download(
            download_,
            [&](const HttpHead& answer) -> Status {
                status = answer.status;
                if (status == 206) return target_.go_on();
                if (status == 200) return target_.begin(request_, answer.field("etag"));
                return {};
            },
            [&](std::string_view part) -> Status {
                if (status != 200 && status != 206) {
                    problem += part;
                    return {};
                }
                auto written = target_.write(part);
                done_ += part.size();
                progress_.update(done_, done_);
                return written;
            }
        );
        target_.pause();
        if (!head || status == 200 || status == 206) return head;
        // All of it was there already: the digest decides.
        if (status == 416 && resumable) {
            target_.drop();
            return fail(Errc::io_error, "the part that was there did not fit");
        }
        const Errc code = status == 503 || status == 429   ? Errc::unavailable
                          : status == 404                  ? Errc::not_found
                          : status == 401 || status == 403 ? Errc::permission_denied
                                                           : Errc::invalid_argument;
        return fail(code, "the gateway refused (" + std::to_string(status) + "): " + problem);
    }

    Status finish(const HttpHead& head) {
        const std::string promised = head.field("repr-digest");
        const auto digest = target_.digest();
        if (!digest) return tl::make_unexpected(digest.error());
        if (promised.empty() || promised == *digest) {
            progress_.finish();
            return target_.finish();
        }
        target_.drop();
        return fail(
            Errc::data_loss, "what came does not fit its digest and was deleted; export again"
        );
    }

    const ExportOptions& options_;
    HttpDownload download_;
    std::string key_field_;
    Target target_;
    Progress progress_;
    std::string request_;
    std::uint64_t done_ = 0;
    Error last_;
};

int run_export(ExportOptions options) {
    auto address = parse_http_address(options.url);
    if (!address) return report(address.error());
    auto key = PosixFileSystem{}.read(options.key_file);
    if (!key) return report(key.error());
    while (!key->empty() && std::isspace(static_cast<unsigned char>(key->back())) != 0) {
        key->pop_back();
    }
    if (options.output.empty()) options.output = options.device + '.' + options.format;
    if (!options.force && std::filesystem::exists(options.output)) {
        return report(
            "'" + options.output + "' exists: name another --output, or give --force to replace it",
            k_exit_failure
        );
    }
    const auto done = Export{options, std::move(*address), std::move(*key)}.run();
    if (!done) return report(done.error());
    std::cout << "Exported to " << options.output << ": "
              << std::filesystem::file_size(options.output) << " bytes.\n";
    return k_exit_ok;
}

}  // namespace

void add_export(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("export", "A device's history from a gateway into a file");
    const auto options = std::make_shared<ExportOptions>();
    command->add_option("device", options->device, "Id of the device")->required();
    command->add_option("--url", options->url, "The gateway: http://HOST:PORT or https://…")
        ->required();
    command->add_option("--key-file", options->key_file, "File with an API key (readings:read)")
        ->required()
        ->type_name("FILE");
    command->add_option("--ca-file", options->ca_file, "Authorities (PEM) for https")
        ->type_name("FILE");
    command->add_option("--format", options->format, "csv, json, ndjson or xlsx")
        ->check(CLI::IsMember({"csv", "json", "ndjson", "xlsx"}))
        ->capture_default_str();
    command->add_option("--start", options->start, "From then on (ISO 8601; without a zone: UTC)");
    command->add_option("--end", options->end, "Before then; default: now, of the last day");
    command->add_option("--metrics", options->metrics, "Only these, with commas between");
    command->add_option("--resolution", options->resolution, "raw, 1m, 5m, 15m, 1h or 1d")
        ->capture_default_str();
    command->add_option("-o,--output", options->output, "Default: DEVICE.FORMAT")
        ->type_name("FILE");
    command->add_flag("--force", options->force, "Replace the file");
    command->callback([&action, options] { action = [options] { return run_export(*options); }; });
}

}  // namespace modax::cli
