// A running server on a free port with fakes behind it.
#pragma once

#include "core/accounting.hpp"
#include "core/device.hpp"
#include "core/identity.hpp"
#include "core/statistics.hpp"
#include "exporter/table_exporter.hpp"
#include "http/server.hpp"
#include "live/hub.hpp"
#include "support/fake_reading_reader.hpp"
#include "support/http_client.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/recording_trail.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace modax::http {

class FakeKeys final : public KeyAuthenticator {
public:
    FakeKeys() {
        principals_["all"] = {"api_key", "all", {"*"}, {}, "all"};
        principals_["reader"] = {"api_key", "reader", {"readings:read"}, {}, "reader"};
        principals_["press"] = {
            "api_key", "press", {"readings:read", "analysis:write"}, {"press-*"}, "press"};
        principals_["press-star"] = {"api_key", "press-star", {"*"}, {"press-*"}, "press-star"};
        principals_["other"] = {"api_key", "other", {"other:read"}, {}, "other"};
    }
    Result<Principal> authenticate(const KeyCredentials& credentials) const override {
        const std::lock_guard lock{mutex_};
        const auto found = principals_.find(credentials.key);
        if (found == principals_.end()) return fail(Errc::unauthenticated, "no valid API key");
        return found->second;
    }
    void add(const std::string& key, Principal principal) {
        const std::lock_guard lock{mutex_};
        principals_[key] = std::move(principal);
    }
    void revoke(const std::string& key) {
        const std::lock_guard lock{mutex_};
        principals_.erase(key);
    }

private:
    mutable std::mutex mutex_;
    std::map<std::string, Principal, std::less<>> principals_;
};

// Remembers what was asked of it.
class FakeKeyAdministration final : public KeyAdministration {
public:
    std::vector<ApiKey> list() const override {
        const std::lock_guard lock{mutex_};
        return keys_;
    }
    Result<CreatedKey> create(const KeySpec& spec, const AuditEntry& origin) override {
        const std::lock_guard lock{mutex_};
        if (spec.name == "full") return fail(Errc::resource_exhausted, "no room");
        if (spec.name == "odd") return fail(Errc::invalid_argument, "name: is odd");
        ApiKey key{"id000001", spec.name, "", spec.scopes, spec.devices, {}, spec.expires};
        key.networks = spec.networks;
        key.created_by = origin.actor + "@" + origin.source;
        keys_.push_back(key);
        return CreatedKey{key, Secret{"modax_secret"}};
    }
    Result<CreatedKey> rotate(std::string_view id, std::chrono::seconds overlap, const AuditEntry&)
        override {
        if (id != "id000001") return fail(Errc::not_found, "there is no such key");
        ApiKey key{"id000002", std::to_string(overlap.count()), "", {}, {}, {}, {}};
        return CreatedKey{key, Secret{"modax_secret"}};
    }
    Status revoke(std::string_view id, const AuditEntry&) override {
        if (id != "id000001") return fail(Errc::not_found, "there is no such key");
        return {};
    }

private:
    mutable std::mutex mutex_;
    std::vector<ApiKey> keys_;
};

class FakeUserAdministration final : public UserAdministration {
public:
    std::vector<User> users() const override { return {{"press", "hash", {"device"}, {}}}; }
    std::vector<Role> roles() const override { return {{"device", {"a/%u"}, {}}}; }
    Status
    set_user(std::string_view name, const std::optional<Secret>& password, const std::vector<std::string>&, const AuditEntry&)
        override {
        if (name == "press" && password && password->reveal() == "long-enough") return {};
        return fail(Errc::invalid_argument, "password: must have 8 to 1024 bytes");
    }
    Status remove_user(std::string_view name, const AuditEntry&) override {
        if (name == "press") return {};
        return fail(Errc::not_found, "there is no user");
    }
    Status set_role(const Role&, const AuditEntry&) override { return {}; }
    Status remove_role(std::string_view, const AuditEntry&) override {
        return fail(Errc::invalid_argument, "name: a ready-made role stays");
    }
};

class FixedHealth final : public HealthSource {
public:
    Health health() const override {
        const std::lock_guard lock{mutex_};
        return health_;
    }
    void set(Health health) {
        const std::lock_guard lock{mutex_};
        health_ = std::move(health);
    }

private:
    mutable std::mutex mutex_;
    Health health_{"landing", true, ""};
};

class ServerTest : public ::testing::Test {
protected:
    using HttpAnswer = test::HttpAnswer;
    using HttpClient = test::HttpClient;
    using WebSocketClient = test::WebSocketClient;

    ServerTest() { options_.threads = 1; }

    // Called by each test, so that it can change options_ before.
    void start() {
        server_ = std::make_unique<Server>(
            options_,
            Dependencies{
                .keys = keys_,
                .key_administration = api_keys_,
                .user_administration = users_,
                .audit = audit_,
                .audit_trail = trail_,
                .readings = readings_,
                .hub = hub_,
                .devices = devices_,
                .accounting = accounting_,
                .metrics_text = [] { return std::string{"modax_test 1\n"}; },
                .health = {&health_},
                .clock = clock_,
                .random = random_,
                .log = log_,
                .version = "1.2.3",
                .rollups = readings_,
                .exporter = exporter_,
                .statistics = statistics_}
        );
        const auto started = server_->start();
        ASSERT_TRUE(started) << started.error().detail;
        if (started->plain) port_ = started->plain->port;
        if (started->tls) tls_port_ = started->tls->port;
    }
    void TearDown() override {
        readings_.hold(false);
        if (server_) server_->stop();
    }

    const Device& device(std::string_view id) {
        return **devices_.find_or_register(id, clock_.now());
    }
    Reading reading(std::string_view id, double temperature, std::int64_t sequence = 0) {
        Reading reading;
        reading.device = &device(id);
        reading.time = clock_.now();
        reading.received = clock_.now();
        reading.sequence = sequence;
        reading[Quantity::temperature] = temperature;
        return reading;
    }
    // As the landing writer does: stored, then shown. Returns the event's sequence.
    std::uint64_t publish(const Reading& reading) {
        const auto sequence = readings_.add_event(reading);
        auto batch = std::make_shared<StoredBatch>();
        batch->events.emplace_back(sequence, reading);
        hub_.stored(std::move(batch));
        return sequence;
    }
    std::uint64_t publish(const SafetyStatus& status) {
        const auto sequence = readings_.add_event(status);
        auto batch = std::make_shared<StoredBatch>();
        batch->events.emplace_back(sequence, status);
        hub_.stored(std::move(batch));
        return sequence;
    }
    // One answer over a connection of its own.
    HttpAnswer get(std::string_view target, std::string_view key = "all") {
        HttpClient client{port_};
        return client.get(
            target, key.empty() ? std::string{} : "X-API-Key: " + std::string{key} + "\r\n"
        );
    }
    // True as soon as the condition is; false after ten seconds.
    template <class Condition>
    static bool eventually(const Condition& condition) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        return true;
    }

    ServerOptions options_;
    FakeKeys keys_;
    FakeKeyAdministration api_keys_;
    FakeUserAdministration users_;
    test::MemoryAuditStore audit_;
    test::RecordingTrail trail_;
    test::FakeReadingReader readings_;
    test::TemporaryDirectory directory_;
    exporter::TableExporter exporter_{readings_, readings_, directory_.path() / "exports"};
    const StatisticsContributor* statistics_ = nullptr;
    live::Hub hub_;
    DeviceRegistry devices_;
    Accounting accounting_;
    FixedHealth health_;
    test::ManualClock clock_;
    SystemRandom random_;
    test::RecordingLog log_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
};

}  // namespace modax::http
