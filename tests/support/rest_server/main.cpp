// modax_rest_server [--without-keys] [--keys N]: serves one reading of the device bench-01 on a
// free port of loopback until standard input ends. Prints "PORT KEY". Without keys, everyone is
// admitted, nothing is counted against limits, and accesses are not recorded.
#include "core/accounting.hpp"
#include "http/server.hpp"
#include "live/hub.hpp"
#include "security/api_keys.hpp"
#include "security/audit_trail.hpp"
#include "security/users.hpp"
#include "support/fake_reading_reader.hpp"
#include "support/memory_identity_store.hpp"
#include "support/recording_log.hpp"
#include "support/recording_trail.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace {

using namespace modax;

class Everyone final : public KeyAuthenticator {
public:
    Result<Principal> authenticate(const KeyCredentials&) const override {
        return Principal{"api_key", "everyone", {"*"}, {}, "everyone"};
    }
};

class NoTrail final : public AuditTrail {
public:
    void access(AuditEntry) noexcept override {}
    void refusal(AuditEntry) noexcept override {}
};

class NoExports final : public Exporter {
public:
    Result<std::string> version(const ExportRequest&) const override { return refused(); }
    Result<std::unique_ptr<ExportStream>> open(const ExportRequest&) const override {
        return refused();
    }

private:
    static tl::unexpected<Error> refused() {
        return fail(Errc::unavailable, "this server exports nothing");
    }
};

Reading reading_of(const Device& device, Timestamp now) {
    Reading reading;
    reading.device = &device;
    reading.time = reading.received = now;
    reading.is_safe = true;
    double value = 1.5;
    for (auto& each : reading.quantities) each = value *= 3.1;
    return reading;
}

}  // namespace

int main(int argc, char** argv) try {
    bool without_keys = false;
    unsigned key_count = 1000;
    CLI::App app{"REST over data in memory, for tests/bench/security.py"};
    app.add_flag("--without-keys", without_keys, "Admit everyone");
    app.add_option("--keys", key_count, "How many keys there are")->check(CLI::Range(1, 100'000));
    CLI11_PARSE(app, argc, argv);

    SystemClock clock;
    SystemRandom random;
    test::RecordingLog log;
    test::MemoryIdentityStore identities;
    test::MemoryAuditStore audit;
    security::ApiKeys keys{identities, clock, random, "dev"};
    security::Users users{{}, identities, clock, random};
    std::optional<CreatedKey> last;
    for (unsigned i = 0; i < key_count; ++i) {
        auto made = keys.create({"bench", {"readings:read"}, {}, {}}, {});
        if (!made) throw std::runtime_error{made.error().detail};
        last = std::move(*made);
    }
    const Everyone everyone;
    NoTrail no_trail;
    security::Trail trail{audit, clock, log};

    DeviceRegistry devices;
    live::Hub hub;
    hub.restore(reading_of(**devices.find_or_register("bench-01", clock.now()), clock.now()));
    const test::FakeReadingReader readings;
    const Accounting accounting;
    const NoExports exporter;
    http::ServerOptions options;
    options.threads = 2;
    if (without_keys) options.rate_limits = {0, 0, 0};
    http::Server server{
        options,
        http::Dependencies{
            .keys = without_keys ? static_cast<const KeyAuthenticator&>(everyone) : keys,
            .key_administration = keys,
            .user_administration = users,
            .audit = audit,
            .audit_trail = without_keys ? static_cast<AuditTrail&>(no_trail) : trail,
            .readings = readings,
            .hub = hub,
            .devices = devices,
            .accounting = accounting,
            .metrics_text = [] { return std::string{}; },
            .health = {},
            .clock = clock,
            .random = random,
            .log = log,
            .version = "bench",
            .rollups = readings,
            .exporter = exporter}};
    const auto endpoints = server.start();
    if (!endpoints) throw std::runtime_error{endpoints.error().detail};
    std::cout << endpoints->plain->port << ' ' << last->text.reveal() << std::endl;
    std::cin.get();
    server.stop();
    return 0;
} catch (const std::exception& error) {
    std::cerr << "modax_rest_server: " << error.what() << '\n';
    return 1;
}
