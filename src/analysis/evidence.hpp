// What is needed to compute a score again: the state of the model at some reading, and everything
// the model was given from there on. Owned by whoever owns the model; not thread-safe.
#pragma once

#include "analysis/device_model.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::analysis {

// One thing that a model was given.
class EvidenceStep {
public:
    EvidenceStep() = default;
    explicit EvidenceStep(const Reading& reading);
    explicit EvidenceStep(Timestamp tick) : reading_{false}, time_{to_micros(tick)} {}

    DeviceModel::Row apply(DeviceModel& model) const;

    template <class A>
    void archive(A& a) {
        a(reading_, time_, quantities_, safety_, names_, numbers_, text_names_, texts_);
    }

private:
    bool reading_ = true;
    std::int64_t time_ = 0;  // microseconds since 1970
    std::array<double, k_quantity_count> quantities_{};
    std::int8_t safety_ = -1;  // unknown
    std::vector<std::string> names_;
    std::vector<double> numbers_;
    std::vector<std::string> text_names_;
    std::vector<std::string> texts_;
};

class EvidenceRecorder {
public:
    // A new state is taken after so many steps: saving a model is dear, a step is not.
    static constexpr std::size_t k_most_steps = 256;

    // Before the model is given it.
    void note(DeviceModel& model, EvidenceStep step);
    // The model was changed by something that is no step.
    void restart() { state_.clear(); }
    // Of the last step that was noted.
    std::string evidence() const;

private:
    std::string state_;
    std::vector<EvidenceStep> steps_;
};

// The row of the last step, computed again; its score is the one of then to the bit. Errors:
// data_loss: no evidence, damaged, or of another model version.
Result<DeviceModel::Row> recompute(
    const Device& device, const ModelOptions& options, std::string_view evidence
);

}  // namespace modax::analysis
