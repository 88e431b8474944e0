#include "support/flood/subscriber.hpp"

#include "support/flood/reading_template.hpp"

namespace modax::flood {

namespace {

constexpr std::chrono::milliseconds k_tick{20};
constexpr std::uint16_t k_subscribe_id = 1;

}  // namespace

Subscriber::Subscriber(SubscriberOptions options, std::function<void()> ready)
    : options_{std::move(options)}, ready_{std::move(ready)} {}

void Subscriber::received(Link& link, const Packet& packet) {
    if (packet.type == PacketType::suback) {
        const auto code = static_cast<std::uint8_t>(packet.body.back());
        if (code >= 0x80) {
            report_.reason = "SUBACK refuses with reason " + std::to_string(code);
            stop_ = 1;
            return;
        }
        if (++granted_ == options_.connections) ready_();
        return;
    }
    if (packet.type != PacketType::publish) return;
    const auto publish = read_publish(packet, options_.peer.version);
    const auto now = wall_micros();
    if (report_.received++ == 0) report_.first_micros = now;
    report_.last_micros = now;
    if (publish.packet_id != 0) append_puback(link.output(), publish.packet_id);
    if (!options_.latency) return;
    if (const auto sent = timestamp_of(publish.payload)) report_.latency.add(now - *sent);
}

bool Subscriber::is_finished() {
    if (stop_ != 0) {
        report_.complete = report_.reason.empty();
        return true;
    }
    const auto now = std::chrono::steady_clock::now();
    if (options_.expect > 0 && report_.received >= options_.expect) {
        report_.complete = true;
        return true;
    }
    if (now - started_ > options_.limit) {
        report_.complete = options_.expect == 0;
        report_.reason = "the time limit is over";
        return true;
    }
    const bool idle =
        options_.idle.count() > 0 && report_.received > 0 && now - last_message_ > options_.idle;
    if (idle) report_.complete = options_.expect == 0;
    return idle;
}

SubscriberReport Subscriber::run() {
    started_ = std::chrono::steady_clock::now();
    for (unsigned index = 0; index < options_.connections; ++index) {
        ConnectFields fields;
        fields.client_id = options_.client_prefix + "-" + std::to_string(index);
        links_.push_back(std::make_unique<Link>(options_.peer, poller_, index, fields));
        subscribed_.push_back(false);
    }
    while (!is_finished()) {
        const auto before = report_.received;
        for (const auto& event : poller_.wait(k_tick)) {
            const auto index = event.data.u64;
            auto& link = *links_[index];
            if (!link.on_event([&](const Packet& packet) { received(link, packet); })) {
                report_.reason = link.reason();
                return std::move(report_);
            }
            if (link.is_open() && !subscribed_[index]) {
                subscribed_[index] = true;
                link.output() += subscribe_packet(
                    options_.peer.version, k_subscribe_id, options_.filter, options_.qos
                );
                (void)link.flush();
            }
        }
        if (report_.received != before) last_message_ = std::chrono::steady_clock::now();
    }
    return std::move(report_);
}

}  // namespace modax::flood
