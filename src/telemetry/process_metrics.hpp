// Figures of the process itself, under the names Prometheus's own client libraries use, from
// /proc/self (proc(5)).
#pragma once

#include "core/metrics.hpp"

#include <string>

namespace modax::telemetry {

// Thread-safe.
class ProcessMetrics final : public MetricSource {
public:
    explicit ProcessMetrics(std::string version);
    void collect(MetricSink& sink) const override;

private:
    std::string version_;
    double start_time_ = 0;  // seconds since 1970
};

}  // namespace modax::telemetry
