// A running mqtt::Listener on loopback with fakes around it: the store commits when a test waits or
// when it says so, the clock moves when told to, and the listener can be started again with what it
// gave to the store.
#pragma once

#include "ingest/intake.hpp"
#include "live/hub.hpp"
#include "mqtt/listener.hpp"
#include "support/broker_memory.hpp"
#include "support/fake_group_writer.hpp"
#include "support/fake_mqtt_authenticator.hpp"
#include "support/manual_clock.hpp"
#include "support/mqtt_client.hpp"
#include "support/recording_log.hpp"
#include "support/recording_trail.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace modax::test {

using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

// Figures by name and labels, blank between them.
class MetricValues final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view, double value, MetricLabels labels)
        override {
        std::string key{name};
        for (const auto& [label, text] : labels) key += ' ' + std::string{text};
        values[key] = value;
    }
    void gauge(std::string_view name, std::string_view help, double value, MetricLabels labels)
        override {
        counter(name, help, value, labels);
    }
    std::map<std::string, double> values;
};

class ListenerTest : public testing::Test {
protected:
    ListenerTest() {
        options_.tcp = mqtt::ListenAddress{};
        options_.tick = std::chrono::milliseconds{5};
    }
    ~ListenerTest() override { stop(); }

    void start() {
        running_ = std::make_unique<Running>(*this, memory_.state());
        const auto ports = running_->listener.start();
        if (!ports) throw std::runtime_error{ports.error().detail};
        ports_ = *ports;
        running_->run();
    }
    // As the gateway does it: good-byes, then what is open goes to the store.
    void stop() {
        if (!running_) return;
        on_listener_thread([this] { running_->listener.stop(); });
        running_.reset();
        keep(writer_.take());
    }
    void restart() {
        stop();
        start();
    }
    // kill -9: no good-byes, and what was not committed is gone.
    void crash() {
        running_.reset();
        writer_.take();
    }
    mqtt::Listener& listener() { return running_->listener; }
    void on_listener_thread(const std::function<void()>& action) {
        std::promise<void> done;
        boost::asio::post(running_->io, [&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }

    // Groups submitted up to now become durable; acknowledgements are on their way.
    void commit() { keep(writer_.commit_all(&accounting_, &hub_)); }
    // From now on only commit() commits; otherwise whenever a client waits.
    void hold_commits(bool hold = true) { held_ = hold; }

    MqttClient client(ProtocolVersion version, std::unique_ptr<ByteStream> stream = nullptr) {
        if (stream == nullptr) stream = std::make_unique<TcpStream>(*ports_.tcp);
        return {std::move(stream), version, [this] {
                    if (!held_) commit();
                }};
    }
    static mqtt::ConnectPacket hello(ProtocolVersion version, std::string_view client_id) {
        mqtt::ConnectPacket packet;
        packet.version = version;
        packet.client_id = client_id;
        return packet;
    }
    // A session that outlives its connection.
    static mqtt::ConnectPacket lasting(ProtocolVersion version, std::string_view client_id) {
        auto packet = hello(version, client_id);
        packet.clean_start = false;
        if (version == ProtocolVersion::v5) packet.properties.session_expiry_interval = 3600;
        return packet;
    }
    MqttClient connected(const mqtt::ConnectPacket& packet) {
        auto made = client(packet.version);
        made.connect(packet);
        const auto answer = made.expect(PacketType::connack);
        session_present_ = answer.connack().session_present;
        if (answer.connack().reason != 0) throw std::runtime_error{"the listener refused"};
        return made;
    }
    MqttClient connected(ProtocolVersion version, std::string_view client_id) {
        return connected(hello(version, client_id));
    }
    // Waits until the listener knows that so many clients are connected.
    void await_connections(double count) {
        await([&] { return figure("modax_mqtt_connections") == count; });
    }
    void await(const std::function<bool()>& condition) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) throw std::runtime_error{"in vain"};
            if (!held_) commit();
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    double figure(const std::string& name) const {
        MetricValues metrics;
        running_->listener.collect(metrics);
        return metrics.values.at(name);
    }

    mqtt::ListenerOptions options_;
    FakeMqttAuthenticator authenticator_;
    RecordingTrail trail_;
    FakeGroupWriter writer_;
    ManualClock clock_;
    RecordingLog log_;
    Accounting accounting_;
    DeviceRegistry devices_;
    live::Hub hub_;
    BrokerMemory memory_;
    SystemRandom random_;
    mqtt::ListenerPorts ports_;
    bool session_present_ = false;  // what the last connected() was told
    std::vector<Reading> stored_;

private:
    struct Running {
        Running(ListenerTest& test, BrokerState state)
            : intake{{}, test.devices_, test.writer_, test.accounting_, test.clock_},
              listener{
                  test.options_,
                  {io,
                   intake,
                   test.hub_,
                   test.devices_,
                   test.authenticator_,
                   test.trail_,
                   test.clock_,
                   test.random_,
                   test.log_},
                  std::move(state)} {}
        ~Running() {
            io.stop();
            if (thread.joinable()) thread.join();
        }
        void run() {
            thread = std::jthread{[this] { io.run(); }};
        }

        boost::asio::io_context io{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
            io.get_executor()};
        ingest::Intake intake;
        mqtt::Listener listener;
        std::jthread thread;
    };

    void keep(const std::vector<FakeGroupWriter::Submitted>& groups) {
        for (const auto& submitted : groups) {
            for (const auto& change : submitted.group.broker_changes) memory_.apply(change);
            const auto& readings = submitted.group.readings;
            stored_.insert(stored_.end(), readings.begin(), readings.end());
        }
    }

    bool held_ = false;
    std::unique_ptr<Running> running_;
};

// The same behaviour in both protocol versions.
class ListenerBothVersions : public ListenerTest,
                             public testing::WithParamInterface<ProtocolVersion> {
protected:
    static ProtocolVersion version() { return GetParam(); }
    static bool is_v5() { return version() == ProtocolVersion::v5; }
};

inline std::string version_name(const testing::TestParamInfo<ProtocolVersion>& version) {
    return version.param == ProtocolVersion::v5 ? "v5" : "v3_1_1";
}

}  // namespace modax::test
