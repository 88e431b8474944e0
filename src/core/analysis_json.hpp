// An analysis as JSON, the same on MQTT, WebSocket and REST (DESIGN 5). What the analysis can't say
// is null, with the reason beside it.
#pragma once

#include "core/analysis.hpp"

#include <string>

namespace modax {

void append_analysis_json(std::string& out, const Analysis& analysis);
// With "id" in front.
void append_analysis_json(std::string& out, const AnalysisRecord& record);

}  // namespace modax
