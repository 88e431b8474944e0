#include "cli/test_profile.hpp"

#include "app/endpoints_file.hpp"
#include "app/identity.hpp"
#include "cli/development_pki.hpp"
#include "core/clock.hpp"
#include "core/file_system.hpp"
#include "core/hex.hpp"
#include "core/random.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>
#include <system_error>

namespace modax::cli {
namespace {

constexpr std::string_view k_device = "test-device-01";  // also the machine's user
constexpr std::string_view k_user = "test-integration";
constexpr std::string_view k_key_name = "test-integration";
constexpr std::array<std::string_view, 9> k_scopes_of_key{
    "readings:read",
    "analysis:write",
    "metrics:read",
    "production:read",
    "production:write",
    "quality:read",
    "quality:write",
    "equipment:read",
    "equipment:write"};

std::filesystem::path data_dir_of(const ConfigOptions& options) {
    if (options.data_dir) return *options.data_dir;
    constexpr std::string_view k_set = "data_dir=";
    for (const std::string& set : options.sets) {
        if (set.starts_with(k_set)) return set.substr(k_set.size());
    }
    return config::Config{}.data_dir;
}

std::filesystem::path password_file(const config::Config& config, std::string_view user) {
    return config.data_dir / (std::string{user} + ".password");
}

std::filesystem::path key_file(const config::Config& config) {
    return config.data_dir / "test-key";
}

std::string random_text() {
    std::array<std::byte, 16> bytes{};
    SystemRandom{}.fill(bytes);
    return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Status make_user(
    UserAdministration& users,
    FileSystem& files,
    const config::Config& config,
    std::string_view name,
    const char* role
) {
    const auto known = users.users();
    const bool there = std::any_of(known.begin(), known.end(), [&](const User& user) {
        return user.name == name;
    });
    if (there) return {};
    const std::string password = random_text();
    const auto file = password_file(config, name);
    if (auto written = files.write_atomic(file, password + "\n", 0600); !written) return written;
    return users.set_user(std::string{name}, Secret{password}, {role}, app::Identity::origin());
}

Status make_key(KeyAdministration& keys, FileSystem& files, const config::Config& config) {
    const auto now = SystemClock{}.now();
    for (const ApiKey& key : keys.list()) {
        const bool holds = !key.revoked && (!key.expires || now < *key.expires);
        if (key.name == k_key_name && holds && files.exists(key_file(config))) return {};
    }
    KeySpec spec;
    spec.name = k_key_name;
    spec.scopes.assign(k_scopes_of_key.begin(), k_scopes_of_key.end());
    spec.expires = now + std::chrono::days{30};
    const auto created = keys.create(spec, app::Identity::origin());
    if (!created) return tl::make_unexpected(created.error());
    return files.write_atomic(key_file(config), created->text.reveal() + "\n", 0600);
}

// In the child, between fork and exec, where only what is safe in a signal handler is allowed.
[[noreturn]] void become(char* const* arguments, const char* log) {
    // Ends with the gateway, also when that is killed.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int file = ::open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file >= 0) {
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
    }
    ::execv("/proc/self/exe", arguments);
    ::_exit(k_exit_failure);
}

// A process of its own, so that it is a client like any other.
Result<pid_t> start_process(std::vector<std::string> arguments, const std::string& log) {
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t process = ::fork();
    if (process == 0) become(pointers.data(), log.c_str());
    if (process > 0) return process;
    return fail(Errc::io_error, "the simulated machine: " + std::generic_category().message(errno));
}

}  // namespace

TestProfile::~TestProfile() {
    if (machine_ <= 0) return;
    ::kill(machine_, SIGTERM);
    ::waitpid(machine_, nullptr, 0);
}

Status TestProfile::prepare(ConfigOptions& options) {
    PosixFileSystem files;
    PkiRequest request;
    request.directory = std::filesystem::absolute(data_dir_of(options)) / "pki";
    if (!files.exists(request.directory / "ca.crt")) {
        std::array<char, 256> name{};
        if (::gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0') {
            request.hosts.emplace_back(name.data());
        }
        if (auto made = files.create_directories(request.directory.parent_path(), 0700); !made) {
            return made;
        }
        if (auto made = make_development_pki(request, files, SystemClock{}); !made) return made;
    }
    const auto file = [&](const char* name) { return (request.directory / name).string(); };
    const std::vector<std::string> settings{
        "https.enabled=true",
        "mqtts.enabled=true",
        "tls.certificate_file=" + file("server.crt"),
        "tls.key_file=" + file("server.key"),
        "tls.client_ca_file=" + file("ca.crt"),
        "tls.client_crl_file=" + file("ca.crl")};
    options.sets.insert(options.sets.begin(), settings.begin(), settings.end());
    return {};
}

Status TestProfile::make_identity(const config::Config& config) {
    PosixFileSystem files;
    const auto identity = app::Identity::open(config);
    if (!identity) return tl::make_unexpected(identity.error());
    auto& users = (*identity)->users();
    Status made = make_user(users, files, config, k_device, "device");
    if (made) made = make_user(users, files, config, k_user, "scada");
    if (made) made = make_key((*identity)->keys(), files, config);
    return made;
}

Status TestProfile::begin(const config::Config& config) {
    const PosixFileSystem files;
    const auto text = files.read(app::endpoints_file(config.data_dir));
    if (!text) return tl::make_unexpected(text.error());
    const auto endpoints = nlohmann::json::parse(*text);
    const std::string https = endpoints.value("https", "");
    const std::string mqtts = endpoints.value("mqtts", "");
    const std::string port = mqtts.substr(mqtts.rfind(':') + 1);
    const auto authority = (config.tls.certificate_file.parent_path() / "ca.crt").string();
    const auto started = start_process(
        {"modax",
         "simulate",
         "--device",
         std::string{k_device},
         "--host",
         "localhost",
         "--port",
         port,
         "--tls",
         "--ca-file",
         authority,
         "--user",
         std::string{k_device},
         "--password-file",
         password_file(config, k_device).string(),
         "--topic-prefix",
         config.ingest.topic_prefix},
        (config.data_dir / "test-device-01.log").string()
    );
    if (!started) return tl::make_unexpected(started.error());
    machine_ = *started;
    std::cout << "\nMODAX test instance, for integration development. Ctrl-C stops it.\n\n"
              << "  API URL         " << https << "\n  MQTT broker     " << mqtts
              << "\n  WebSocket       " << endpoints.value("wss", "") << "/device/" << k_device
              << "\n  OPC UA          " << endpoints.value("opcua", "(off)")
              << "\n  Test device     " << k_device << " (simulated)\n  Authority       "
              << authority << " (clients trust it)\n  API key         in "
              << key_file(config).string() << "\n  MQTT, OPC UA    user " << k_user
              << ", password in " << password_file(config, k_user).string()
              << "\n  As a machine    user " << k_device << ", password in "
              << password_file(config, k_device).string() << "\n\nTry:\n  curl --cacert "
              << authority << " -H \"X-API-Key: $(cat " << key_file(config).string()
              << ")\" https://localhost:" << config::Config{}.https.port << "/api/v1/devices/"
              << k_device << "/data\n"
              << std::endl;
    return {};
}

}  // namespace modax::cli
