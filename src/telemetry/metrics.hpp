// Every part's figures as one Prometheus text (/metrics). Owned by app.
#pragma once

#include "core/metrics.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace modax::telemetry {

// Thread-safe.
class Metrics {
public:
    // The source must outlive this object. Sources are asked in the order they were added.
    void add(const MetricSource& source);
    // Asks every source. Prometheus text format 0.0.4: samples of one name are one family, in the
    // order in which names were first heard. A sample with the name and labels of an earlier one,
    // or of another type than its family, is left out.
    std::string text() const;

    static constexpr const char* k_content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    mutable std::mutex mutex_;
    std::vector<const MetricSource*> sources_;
};

}  // namespace modax::telemetry
