// `modax anomaly what-if`: the alarms other thresholds would have given over stored readings.
#pragma once

#include "cli/command.hpp"

namespace modax::cli {

void add_what_if(CLI::App& anomaly, Action& action);

}  // namespace modax::cli
