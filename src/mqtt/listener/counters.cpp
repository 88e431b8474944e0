#include "mqtt/listener/counters.hpp"

#include <string_view>

namespace modax::mqtt {

void Counters::collect(MetricSink& sink) const {
    const auto value = [](const Count& count) {
        return static_cast<double>(count.load(std::memory_order_relaxed));
    };
    sink.gauge("modax_mqtt_connections", "MQTT clients connected", value(connections));
    sink.gauge("modax_mqtt_sessions", "MQTT sessions, connected or waiting", value(sessions));
    sink.gauge("modax_mqtt_subscriptions", "MQTT subscriptions", value(subscriptions));
    sink.gauge("modax_mqtt_retained_messages", "Retained messages", value(retained));
    sink.counter(
        "modax_mqtt_connections_total", "MQTT connections accepted", value(connections_total)
    );
    constexpr std::string_view k_refused = "modax_mqtt_refused_total";
    constexpr std::string_view k_refused_help = "MQTT connections refused or closed for cause";
    sink.counter(k_refused, k_refused_help, value(connections_refused), {{"reason", "limit"}});
    sink.counter(
        k_refused, k_refused_help, value(authentication_refused), {{"reason", "authentication"}}
    );
    sink.counter(k_refused, k_refused_help, value(protocol_errors), {{"reason", "protocol"}});
    constexpr std::array<std::string_view, 3> k_qos{"0", "1", "2"};
    for (std::size_t qos = 0; qos < k_qos.size(); ++qos) {
        sink.counter(
            "modax_mqtt_messages_received_total",
            "PUBLISH packets received",
            value(received[qos]),
            {{"qos", k_qos[qos]}}
        );
        sink.counter(
            "modax_mqtt_messages_sent_total",
            "PUBLISH packets sent",
            value(sent[qos]),
            {{"qos", k_qos[qos]}}
        );
    }
    sink.counter(
        "modax_mqtt_over_quota_total",
        "Messages refused (QoS 1, 2) or dropped (QoS 0) above mqtt.max_publish_rate",
        value(over_quota)
    );
    sink.counter("modax_mqtt_received_bytes_total", "Bytes received", value(bytes_received));
    sink.counter("modax_mqtt_sent_bytes_total", "Bytes sent", value(bytes_sent));
    constexpr std::string_view k_dropped = "modax_mqtt_dropped_total";
    constexpr std::string_view k_dropped_help = "Messages not delivered to a subscriber";
    sink.counter(k_dropped, k_dropped_help, value(dropped_slow), {{"reason", "slow_client"}});
    sink.counter(k_dropped, k_dropped_help, value(dropped_queue), {{"reason", "queue_full"}});
    sink.counter(k_dropped, k_dropped_help, value(dropped_expired), {{"reason", "expired"}});
    sink.counter(k_dropped, k_dropped_help, value(dropped_size), {{"reason", "too_large"}});
}

}  // namespace modax::mqtt
