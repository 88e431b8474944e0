#include "telemetry/metrics.hpp"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace modax::telemetry {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class FamilySink final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view help, double value, MetricLabels labels)
        override {
        if (auto* sample = add(MetricType::Counter, name, help, labels)) {
            sample->counter.value = value;
        }
    }
    void gauge(std::string_view name, std::string_view help, double value, MetricLabels labels)
        override {
        if (auto* sample = add(MetricType::Gauge, name, help, labels)) sample->gauge.value = value;
    }

    const std::vector<MetricFamily>& families() const { return families_; }

private:
    // nullptr: there is such a sample already, or the family has another type. A scraper would
    // refuse the whole page over either.
    ClientMetric* add(
        MetricType type, std::string_view name, std::string_view help, MetricLabels labels
    ) {
        const auto [place, is_new] = index_.try_emplace(std::string{name}, families_.size());
        if (is_new) {
            families_.push_back({std::string{name}, std::string{help}, type, {}});
            seen_.emplace_back();
        }
        MetricFamily& family = families_[place->second];
        if (family.type != type) return nullptr;
        Labels sorted;
        for (const auto& [key, value] : labels) {
            sorted.push_back({std::string{key}, std::string{value}});
        }
        std::sort(sorted.begin(), sorted.end());
        if (!seen_[place->second].insert(sorted).second) return nullptr;
        ClientMetric& sample = family.metric.emplace_back();
        sample.label = std::move(sorted);
        return &sample;
    }

    std::vector<MetricFamily> families_;
    std::vector<std::set<Labels>> seen_;  // by family
    std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace

void Metrics::add(const MetricSource& source) {
    const std::lock_guard lock{mutex_};
    sources_.push_back(&source);
}

std::string Metrics::text() const {
    std::vector<const MetricSource*> sources;
    {
        const std::lock_guard lock{mutex_};
        sources = sources_;
    }
    FamilySink sink;
    for (const MetricSource* source : sources) source->collect(sink);
    return prometheus::TextSerializer{}.Serialize(sink.families());
}

}  // namespace modax::telemetry
