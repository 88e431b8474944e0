#include "analysis/evidence.hpp"

#include "analysis/state_archive.hpp"

namespace modax::analysis {

EvidenceStep::EvidenceStep(const Reading& reading)
    : time_{to_micros(reading.time)},
      quantities_{reading.quantities},
      safety_{static_cast<std::int8_t>(
          !reading.is_safe   ? -1
          : *reading.is_safe ? 1
                             : 0
      )} {
    for (const Metric& metric : reading.metrics) {
        if (const auto* number = std::get_if<double>(&metric.value)) {
            names_.push_back(metric.name);
            numbers_.push_back(*number);
        } else if (const auto* text = std::get_if<std::string>(&metric.value)) {
            text_names_.push_back(metric.name);
            texts_.push_back(*text);
        }
    }
}

DeviceModel::Row EvidenceStep::apply(DeviceModel& model) const {
    if (!reading_) return model.tick(from_micros(time_));
    Reading reading;
    reading.device = &model.device();
    reading.time = from_micros(time_);
    reading.quantities = quantities_;
    if (safety_ >= 0) reading.is_safe = safety_ == 1;
    for (std::size_t i = 0; i < names_.size() && i < numbers_.size(); ++i) {
        reading.metrics.push_back({names_[i], numbers_[i]});
    }
    for (std::size_t i = 0; i < text_names_.size() && i < texts_.size(); ++i) {
        reading.metrics.push_back({text_names_[i], texts_[i]});
    }
    return model.step(reading);
}

void EvidenceRecorder::note(DeviceModel& model, EvidenceStep step) {
    if (state_.empty() || steps_.size() >= k_most_steps) {
        state_ = model.save();
        steps_.clear();
    }
    steps_.push_back(std::move(step));
}

std::string EvidenceRecorder::evidence() const {
    StateWriter writer;
    auto state = state_;
    auto steps = steps_;
    writer(state, steps);
    return writer.take();
}

Result<DeviceModel::Row> recompute(
    const Device& device, const ModelOptions& options, std::string_view evidence
) {
    StateReader reader{evidence};
    std::string state;
    std::vector<EvidenceStep> steps;
    reader(state, steps);
    if (!reader.complete() || steps.empty()) {
        return fail(Errc::data_loss, "the evidence is missing or damaged");
    }
    DeviceModel model{device, options};
    if (auto restored = model.restore(state); !restored) {
        return tl::make_unexpected(restored.error());
    }
    DeviceModel::Row row;
    for (const EvidenceStep& step : steps) row = step.apply(model);
    return row;
}

}  // namespace modax::analysis
