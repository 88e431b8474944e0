// How a part shows its figures: it is asked, and answers into a sink. telemetry turns the answers
// into the Prometheus text of /metrics. Names: modax_<module>_<what>_<unit|total>.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace modax {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class MetricSink {
public:
    virtual ~MetricSink() = default;
    virtual void counter(
        std::string_view name, std::string_view help, double value, MetricLabels labels = {}
    ) = 0;
    virtual void gauge(
        std::string_view name, std::string_view help, double value, MetricLabels labels = {}
    ) = 0;
};

class MetricSource {
public:
    virtual ~MetricSource() = default;
    // Called on an HTTP thread; must not block on I/O.
    virtual void collect(MetricSink& sink) const = 0;
};

}  // namespace modax
