// Takes messages on the ingest topics, decodes them, and hands them to the landing store in groups.
// One per I/O thread, owned by whoever owns that thread; not thread-safe. Nothing here blocks.
#pragma once

#include "core/accounting.hpp"
#include "core/clock.hpp"
#include "core/device.hpp"
#include "core/landing.hpp"
#include "core/metrics.hpp"
#include "ingest/refusal.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace modax::ingest {

// A PUBLISH as it came; only looked at during the call it is passed to.
struct IncomingMessage {
    std::string_view topic;
    std::string_view payload;
    std::uint8_t qos = 0;
    std::string_view client;  // MQTT client id, or another name of the sender
};

struct IntakeOptions {
    std::string topic_prefix = "modax";
    bool auto_register = true;  // false: readings of unknown devices are quarantined
    std::chrono::microseconds future_tolerance = std::chrono::hours{24};
    std::size_t max_payload = std::size_t{64} * 1024;  // bytes; larger payloads are quarantined
};

class Decoder;

class Intake final : public MetricSource {
public:
    // Everything passed by reference must outlive the intake.
    Intake(
        const IntakeOptions& options,
        DeviceRegistry& devices,
        GroupWriter& writer,
        Accounting& accounting,
        const Clock& clock
    );
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
    // Drops what is open: flush() first.
    ~Intake() override;

    // True for <prefix>/sensor/data, <prefix>/sensor/safety and every topic below them. Below means
    // exactly one level, the device id; deeper ones are taken too, but quarantined as "bad_topic",
    // so that a typing error shows.
    bool is_ingest_topic(std::string_view topic) const;

    // Decodes into the open group: a reading, a safety status or, with the reason, a rejected
    // message. QoS 1 and 2 go to the acknowledged lane, with `token` when there is one; QoS 0 goes
    // to the lane that may be dropped. Only for topics of which is_ingest_topic() is true; a
    // message on another topic is quarantined as "bad_topic".
    void accept(const IncomingMessage& message, std::optional<AckToken> token);
    // Acknowledged lane, in order with everything else of that lane.
    void add(BrokerChange change);
    void add(AckToken token);

    // Submits what is open. Call it once per socket read or loop turn. QoS 0 messages that the
    // writer refuses are dropped and counted; acknowledged ones are always taken.
    void flush();
    // True: stop reading from senders of this lane until tokens come back through AckSink.
    bool full(GroupWriter::Lane lane) const { return writer_.full(lane); }
    // Messages (of both lanes) decoded since the last flush.
    std::size_t open_items() const { return acknowledged_.items() + fire_and_forget_.items(); }
    // Open items, broker changes and tokens, of both lanes.
    bool empty() const { return acknowledged_.empty() && fire_and_forget_.empty(); }

    // How many messages were refused, by reason. Thread-safe, unlike the rest.
    void collect(MetricSink& sink) const override;

private:
    void reject(
        IngestGroup& group, const IncomingMessage& message, Timestamp received, Refusal refusal
    );

    std::string data_topic_;    // "modax/sensor/data"
    std::string safety_topic_;  // "modax/sensor/safety"
    GroupWriter& writer_;
    Accounting& accounting_;
    const Clock& clock_;
    std::unique_ptr<Decoder> decoder_;
    IngestGroup acknowledged_;
    IngestGroup fire_and_forget_;
    std::array<std::atomic<std::uint64_t>, k_reason_names.size()> refused_{};
};

}  // namespace modax::ingest
