#include "app/diagnosis.hpp"

#include "app/certificate_watch.hpp"
#include "app/endpoints_file.hpp"
#include "app/identity.hpp"
#include "app/options.hpp"
#include "config/load.hpp"
#include "config/rules.hpp"
#include "connectors/definition.hpp"
#include "security/certificate.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>

namespace modax::app {
namespace {

using State = Finding::State;

constexpr std::chrono::days k_certificate_warning{60};
constexpr std::chrono::days k_key_warning{14};
// Sockets, files of the store, and what libraries open besides the clients' connections.
constexpr rlim_t k_spare_descriptors = 256;

// Nothing is told to anybody: what is found is returned.
class SilentLog final : public Log {
public:
    bool enabled(LogLevel) const noexcept override { return false; }
    void write(LogLevel, std::string_view, std::string_view, std::span<const LogField>) noexcept
        override {}
};

class Diagnosis {
public:
    Diagnosis(const config::Config& config, const FileSystem& files, const Clock& clock)
        : config_{config}, files_{files}, clock_{clock} {}

    std::vector<Finding> run() {
        clock();
        directory();
        disk();
        descriptors();
        ports();
        exposure();
        certificates();
        keys();
        secrets();
        connectors();
        return std::move(findings_);
    }

private:
    void add(std::string check, State state, std::string text, std::string fix = {}) {
        findings_.push_back({std::move(check), state, std::move(text), std::move(fix)});
    }

    void clock() {
        timex state{};
        const int result = ::adjtimex(&state);
        if (result < 0) {
            add("clock", State::unknown, "the kernel does not tell whether the clock is kept right"
            );
        } else if ((state.status & STA_UNSYNC) != 0) {
            add("clock",
                State::warning,
                "the clock is not kept right by a time server; readings without a time get this "
                "one",
                "install an NTP client, for example: apt-get install chrony");
        } else {
            add("clock", State::good, "kept right by a time server");
        }
    }

    void directory() {
        const auto& path = config_.data_dir;
        std::error_code error;
        if (!std::filesystem::exists(path, error)) {
            const auto parent = std::filesystem::absolute(path).parent_path();
            const bool can = ::access(parent.c_str(), W_OK) == 0;
            add("data directory",
                can ? State::good : State::problem,
                path.string() + " is not there yet" + (can ? "; the first start makes it" : ""),
                can ? "" : "make it, owned by the user the gateway runs as, with mode 0700");
            return;
        }
        if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) {
            add("data directory",
                State::problem,
                path.string() + " can't be written to by this user",
                "run as the user of the gateway, or give it the directory: chown -R modax " +
                    path.string());
            return;
        }
        const auto mode = std::filesystem::status(path, error).permissions();
        const auto others = std::filesystem::perms::others_all;
        if ((mode & others) != std::filesystem::perms::none) {
            add("data directory",
                State::warning,
                path.string() + " is open to every user of this machine",
                "chmod 0700 " + path.string());
            return;
        }
        add("data directory", State::good, path.string());
    }

    // As the writer judges it: what the store has of what it could have.
    void disk() {
        auto path = std::filesystem::absolute(config_.data_dir);
        std::error_code error;
        std::uint64_t used = 0;
        for (const auto& entry : std::filesystem::directory_iterator{path, error}) {
            std::error_code gone;
            const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
            used += gone ? 0 : size;
        }
        while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
            path = path.parent_path();
        }
        const auto available = files_.available_bytes(path);
        if (!available) {
            add("disk", State::unknown, available.error().detail);
            return;
        }
        const auto quota = config_.landing.disk_quota;
        const std::uint64_t whole = quota > 0 ? quota : used + *available;
        const auto percent = used * 100 / std::max<std::uint64_t>(whole, 1);
        const std::string text = std::to_string(percent) + " % of the store's space is used, " +
                                 std::to_string(*available / config::k_mebibyte) + " MiB are free";
        const std::string fix =
            "free space, or set landing.retention_age or landing.retention_size";
        if (percent >= config_.landing.stop_percent) {
            add("disk", State::problem, text + ": nothing more is taken", fix);
        } else if (percent >= config_.landing.alert_percent) {
            add("disk", State::warning, text, fix);
        } else {
            add("disk", State::good, text);
        }
    }

    void descriptors() {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        const rlim_t needed = rlim_t{config_.http.max_connections} +
                              rlim_t{config_.mqtt.max_connections} +
                              rlim_t{config_.opcua.max_sessions} + k_spare_descriptors;
        const std::string text = "limit " + std::to_string(limit.rlim_cur) +
                                 ", needed for every allowed connection " + std::to_string(needed);
        if (limit.rlim_cur >= needed) {
            add("open files", State::good, text);
        } else {
            add("open files",
                State::warning,
                text,
                "raise it (LimitNOFILE= of the service, ulimit -n), or lower max_connections");
        }
    }

    struct Port {
        const char* name;
        bool enabled;
        const std::string& bind;
        config::Port port;
    };

    void ports() {
        const bool https = config_.https.enabled;
        const bool mqtts = config_.mqtts.enabled;
        const auto running = running_gateway(config_, files_);
        if (running) {
            add("ports", State::good, "held by the gateway, process " + std::to_string(*running));
            return;
        }
        for (const Port& one :
             {Port{"http", config_.http.enabled, config_.http.bind, config_.http.port},
              Port{"https", https, config_.https.bind, config_.https.port},
              Port{"mqtt", config_.mqtt.enabled, config_.mqtt.bind, config_.mqtt.port},
              Port{"mqtts", mqtts, config_.mqtts.bind, config_.mqtts.port},
              Port{"opcua", config_.opcua.enabled, config_.opcua.bind, config_.opcua.port}}) {
            if (one.enabled && one.port != 0) try_port(one);
        }
    }

    void try_port(const Port& one) {
        namespace ip = boost::asio::ip;
        const std::string where = one.bind + " port " + std::to_string(one.port);
        const std::string check = std::string{"port of "} + one.name;
        boost::system::error_code error;
        const auto address = ip::make_address(one.bind, error);
        boost::asio::io_context context;
        ip::tcp::acceptor acceptor{context};
        const ip::tcp::endpoint endpoint{address, one.port};
        if (!error) acceptor.open(endpoint.protocol(), error);
        if (!error) acceptor.set_option(ip::tcp::acceptor::reuse_address{true}, error);
        if (!error) acceptor.bind(endpoint, error);
        if (!error) {
            add(check, State::good, where + " is free");
            return;
        }
        add(check,
            State::problem,
            where + ": " + error.message(),
            std::string{"stop the other program, or set "} + one.name +
                ".port to another one (ss -ltnp shows who has it)");
    }

    void exposure() {
        const auto tell = [this](bool plain, const std::string& bind, const char* what) {
            if (!plain || config::is_loopback(bind)) return;
            add("encryption",
                State::warning,
                std::string{what} + " on " + bind + " is not encrypted",
                "use TLS: `modax pki init` makes certificates for a try, docs/security.md tells "
                "the "
                "rest");
        };
        tell(config_.http.enabled, config_.http.bind, "HTTP");
        tell(config_.mqtt.enabled, config_.mqtt.bind, "MQTT");
    }

    void certificates() {
        SilentLog silent;
        const CertificateWatch watch{config_, files_, clock_, silent};
        if (const auto checked = watch.check(); !checked) {
            add("certificates",
                State::problem,
                checked.error().detail,
                "name PEM files in [tls]; `modax pki show FILE` tells what one says");
            return;
        }
        for (const auto& file : {config_.tls.certificate_file, config_.tls.client_ca_file}) {
            if (file.empty()) continue;
            const auto pem = files_.read(file);
            const auto facts =
                pem ? security::read_certificate(*pem) : tl::make_unexpected(pem.error());
            if (facts) tell_end_of(file.string(), facts->not_after);
        }
    }

    void tell_end_of(const std::string& file, Timestamp end) {
        const auto left = end - clock_.now();
        const std::string text = file + " ends at " + format_iso8601(end);
        if (left > k_certificate_warning) {
            add("certificates", State::good, text);
        } else {
            add("certificates",
                left.count() <= 0 ? State::problem : State::warning,
                text,
                "replace the file; a running gateway takes the new one by itself");
        }
    }

    void keys() {
        const auto identity = Identity::open_existing(config_);
        if (!identity) {
            const bool none = identity.error().code == Errc::not_found;
            add("keys",
                none ? State::good : State::problem,
                none ? "no store yet; the first start makes a key" : identity.error().detail);
            return;
        }
        std::size_t active = 0;
        for (const ApiKey& key : (*identity)->keys().list()) {
            if (key.revoked || (key.expires && clock_.now() >= *key.expires)) continue;
            ++active;
            if (!key.expires || *key.expires - clock_.now() > k_key_warning ||
                !key.successor.empty()) {
                continue;
            }
            add("keys",
                State::warning,
                "the key " + key.id + " (" + key.name + ") ends at " + format_iso8601(*key.expires),
                "modax key rotate " + key.id);
        }
        const bool none = active == 0;
        add("keys",
            none ? State::warning : State::good,
            std::to_string(active) + " active",
            none ? "modax key create --name NAME --scopes readings:read" : "");
    }

    void secrets() {
        if (!config_.uplink.enabled || config_.uplink.password.empty()) return;
        const auto found =
            config::resolve_secret(config_.uplink.password, config::process_environment(), files_);
        add("secrets",
            found ? State::good : State::problem,
            found ? "uplink.password is there" : "uplink.password: " + found.error().detail,
            found ? "" : "put the secret where the reference points");
    }

    void connectors() {
        const auto& directory = config_.connectors.directory;
        if (directory.empty()) return;
        std::error_code error;
        for (const auto& entry : std::filesystem::directory_iterator{directory, error}) {
            if (entry.path().extension() != ".toml") continue;
            const auto read = modax::connectors::read_definition(entry.path());
            add("connectors",
                read ? State::good : State::problem,
                read ? entry.path().filename().string() : read.error().detail,
                read ? "" : "modax connector check " + entry.path().string());
        }
        if (error) {
            add("connectors",
                State::problem,
                directory.string() + ": " + error.message(),
                "make the directory, or correct connectors.directory");
        }
    }

    const config::Config& config_;
    const FileSystem& files_;
    const Clock& clock_;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view name_of(Finding::State state) {
    switch (state) {
        case State::good:
            return "good";
        case State::warning:
            return "warning";
        case State::problem:
            return "problem";
        case State::unknown:
            return "unknown";
    }
    return {};
}

std::optional<int> running_gateway(const config::Config& config, const FileSystem& files) {
    const auto endpoints = files.read(endpoints_file(config.data_dir));
    if (!endpoints) return std::nullopt;
    constexpr std::string_view k_member = "\"pid\": ";
    const auto at = endpoints->find(k_member);
    if (at == std::string::npos) return std::nullopt;
    int process = 0;
    const char* begin = endpoints->data() + at + k_member.size();
    std::from_chars(begin, endpoints->data() + endpoints->size(), process);
    // The file stays behind after a kill; EPERM: it runs, as another user.
    const bool runs = process > 0 && (::kill(process, 0) == 0 || errno == EPERM);
    return runs ? std::optional{process} : std::nullopt;
}

std::vector<Finding> diagnose(
    const config::Config& config, const FileSystem& files, const Clock& clock
) {
    return Diagnosis{config, files, clock}.run();
}

}  // namespace modax::app
