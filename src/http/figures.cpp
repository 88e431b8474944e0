#include "http/figures.hpp"

#include "http/call.hpp"

#include <string_view>

namespace modax::http {
namespace {

std::uint64_t sum(std::span<const Figures* const> all, Counter Figures::*counter) {
    std::uint64_t total = 0;
    for (const Figures* figures : all) total += (figures->*counter).get();
    return total;
}

void collect_routes(std::span<const Figures* const> all, MetricSink& sink) {
    constexpr std::array<std::string_view, 5> k_classes{"1xx", "2xx", "3xx", "4xx", "5xx"};
    const auto table = routes();
    for (std::size_t i = 0; i < Figures::k_max_routes; ++i) {
        const bool known = i < table.size();
        if (!known && i + 1 != Figures::k_max_routes) continue;
        const std::string_view route = known ? table[i].pattern : "none";
        const std::string_view method = known ? to_string(table[i].method) : "any";
        std::uint64_t nanoseconds = 0;
        for (std::size_t k = 0; k < k_classes.size(); ++k) {
            std::uint64_t requests = 0;
            for (const Figures* figures : all) requests += figures->routes[i].by_class[k].get();
            if (requests == 0) continue;
            sink.counter(
                "modax_http_requests_total",
                "Requests answered",
                static_cast<double>(requests),
                {{"route", route}, {"method", method}, {"class", k_classes[k]}}
            );
        }
        for (const Figures* figures : all) nanoseconds += figures->routes[i].nanoseconds.get();
        if (nanoseconds == 0) continue;
        sink.counter(
            "modax_http_request_seconds_total",
            "Time from a request's arrival to its answer, added up",
            static_cast<double>(nanoseconds) / 1e9,
            {{"route", route}, {"method", method}}
        );
    }
}

}  // namespace

void Figures::count(std::size_t route, int status, std::uint64_t nanoseconds) {
    PerRoute& figures = routes[std::min(route, k_max_routes - 1)];
    figures.by_class[static_cast<std::size_t>(status / 100 - 1)].add(1);
    figures.nanoseconds.add(nanoseconds);
}

void collect_figures(std::span<const Figures* const> all, MetricSink& sink) {
    collect_routes(all, sink);
    const auto counter = [&](std::string_view name, std::string_view help, Counter Figures::*figure
                         ) { sink.counter(name, help, static_cast<double>(sum(all, figure))); };
    counter("modax_http_connections_total", "Connections taken", &Figures::connections);
    counter("modax_http_received_bytes_total", "Bytes received", &Figures::bytes_received);
    counter("modax_http_sent_bytes_total", "Bytes sent", &Figures::bytes_sent);
    counter(
        "modax_websocket_events_total", "Events sent to WebSocket clients", &Figures::live_events
    );
    counter(
        "modax_websocket_conflated_total",
        "Events left out for WebSocket clients that were too slow",
        &Figures::live_conflated
    );
    counter(
        "modax_websocket_closed_slow_total",
        "WebSocket clients closed because they took nothing",
        &Figures::live_closed_slow
    );
    const auto opened = sum(all, &Figures::live_opened);
    const auto closed = sum(all, &Figures::live_closed);
    sink.gauge(
        "modax_websocket_clients",
        "WebSocket clients connected",
        static_cast<double>(opened - std::min(opened, closed))
    );
}

}  // namespace modax::http
