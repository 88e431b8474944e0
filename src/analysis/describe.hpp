// Words for what was found: one sentence a technician understands, and what to look at, each with
// its evidence. Pure functions.
#pragma once

#include "core/analysis.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::analysis {

// `state`: the operating state as the machine names it; may be empty. `metrics`: strongest first.
std::string sentence(
    AnomalyType type, const std::vector<ContributingMetric>& metrics, std::string_view state
);
std::vector<std::string> recommendations(
    AnomalyType type, const std::vector<ContributingMetric>& metrics, const WearEstimate& wear
);

}  // namespace modax::analysis
