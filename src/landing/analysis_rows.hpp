// Analyses as rows, both ways. Private to the landing module.
#pragma once

#include "core/analysis.hpp"
#include "landing/sqlite.hpp"

#include <string>

namespace modax::landing {

inline constexpr std::string_view k_insert_analysis =
    "INSERT INTO analyses(device, time, has_anomaly, anomaly_score, anomaly_type, confidence,"
    " learning, event, since, acknowledged, message, details, model_version, row_score, evidence)"
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)";
#define MODAX_ANALYSIS_COLUMNS                                                           \
    "id, device, time, has_anomaly, anomaly_score, anomaly_type, confidence, learning, " \
    "event, since, acknowledged, message, details, model_version, row_score"

// `details` is the buffer of the JSON text; it must stay until the statement has run.
void bind_analysis(Statement& statement, const AnalysisRecord& record, std::string& details);
// From the current row, whose device is `device`.
AnalysisRecord read_analysis(const Statement& row, const Device& device);

}  // namespace modax::landing
