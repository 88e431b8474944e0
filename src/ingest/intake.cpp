#include "ingest/intake.hpp"

#include "ingest/decoder.hpp"

#include <utility>

namespace modax::ingest {
namespace {

// What lies behind `base` in `topic`: nullopt when the topic is another one, "" for the base
// itself, "/device" below it.
std::optional<std::string_view> behind(std::string_view topic, std::string_view base) {
    if (topic.size() < base.size() || topic.substr(0, base.size()) != base) return std::nullopt;
    topic.remove_prefix(base.size());
    if (!topic.empty() && topic.front() != '/') return std::nullopt;
    return topic;
}

void submit_and_renew(GroupWriter& writer, IngestGroup& group, GroupWriter::Lane lane) {
    const std::size_t readings = group.readings.size();
    writer.submit(group, lane);
    group = IngestGroup{};
    // The next turn is likely to be like this one.
    group.readings.reserve(readings);
}

}  // namespace

Intake::Intake(
    const IntakeOptions& options,
    DeviceRegistry& devices,
    GroupWriter& writer,
    Accounting& accounting,
    const Clock& clock
)
    : data_topic_{options.topic_prefix + "/sensor/data"},
      safety_topic_{options.topic_prefix + "/sensor/safety"},
      writer_{writer},
      accounting_{accounting},
      clock_{clock},
      decoder_{std::make_unique<Decoder>(
          DecoderOptions{options.auto_register, options.future_tolerance, options.max_payload},
          devices
      )} {}

Intake::~Intake() = default;

bool Intake::is_ingest_topic(std::string_view topic) const {
    return behind(topic, data_topic_).has_value() || behind(topic, safety_topic_).has_value();
}

void Intake::accept(const IncomingMessage& message, std::optional<AckToken> token) {
    IngestGroup& group = message.qos > 0 ? acknowledged_ : fire_and_forget_;
    const Timestamp received = clock_.now();
    const auto behind_data = behind(message.topic, data_topic_);
    const auto below = behind_data ? behind_data : behind(message.topic, safety_topic_);
    const std::string_view device = below && !below->empty() ? below->substr(1) : "";
    const bool is_level =
        below && (below->empty() || !device.empty()) && device.find('/') == std::string_view::npos;
    if (!is_level) {
        auto refusal = Refusal{
            Reason::bad_topic,
            "readings belong on " + data_topic_ + "/{device}, safety statuses on " + safety_topic_ +
                "/{device}"};
        reject(group, message, received, std::move(refusal));
    } else if (behind_data) {
        auto reading = decoder_->decode_reading(device, message.payload, received);
        if (reading) {
            group.readings.push_back(std::move(*reading));
        } else {
            reject(group, message, received, std::move(reading.error()));
        }
    } else {
        auto status = decoder_->decode_safety(device, message.payload, received);
        if (status) {
            group.safety.push_back(*status);
        } else {
            reject(group, message, received, std::move(status.error()));
        }
    }
    if (token) add(*token);
}

void Intake::reject(
    IngestGroup& group, const IncomingMessage& message, Timestamp received, Refusal refusal
) {
    constexpr std::size_t k_kept_payload = std::size_t{64} * 1024;
    refused_[static_cast<std::size_t>(refusal.reason)].fetch_add(1, std::memory_order_relaxed);
    group.rejected.push_back(RejectedMessage{
        .received = received,
        .topic = std::string{message.topic},
        .payload = std::string{message.payload.substr(0, k_kept_payload)},
        .payload_size = message.payload.size(),
        .reason = std::string{reason_name(refusal.reason)},
        .detail = std::move(refusal.detail),
        .client = std::string{message.client}});
}

void Intake::add(BrokerChange change) {
    acknowledged_.broker_changes.push_back(std::move(change));
}

void Intake::add(AckToken token) {
    acknowledged_.acks.push_back(token);
}

void Intake::flush() {
    // Announced before they are submitted, as the writer may commit them at once.
    if (!acknowledged_.empty()) {
        if (const auto items = acknowledged_.items(); items > 0) accounting_.submitted(items);
        submit_and_renew(writer_, acknowledged_, GroupWriter::Lane::acknowledged);
    }
    if (fire_and_forget_.empty()) return;
    const auto items = fire_and_forget_.items();
    accounting_.submitted(items);
    if (!writer_.submit(fire_and_forget_, GroupWriter::Lane::fire_and_forget)) {
        accounting_.withdrawn(DropReason::qos0_queue_full, items);
    }
    fire_and_forget_ = IngestGroup{};
}

void Intake::collect(MetricSink& sink) const {
    for (std::size_t i = 0; i < refused_.size(); ++i) {
        const auto count = refused_[i].load(std::memory_order_relaxed);
        if (count == 0) continue;
        sink.counter(
            "modax_ingest_rejected_total",
            "Messages refused since the start, by the reason kept in the quarantine",
            static_cast<double>(count),
            {{"reason", k_reason_names[i]}}
        );
    }
}

}  // namespace modax::ingest
