// The schema of the analysis.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section analysis_section() {
    return {
        "analysis",
        "Anomalies and wear, found in the readings as they come; advisory only.",
        {
            flag(MODAX_KEY(analysis.enabled), "Whether readings are analysed."),
            number(
                MODAX_KEY(analysis.queue),
                "How many readings may wait to be analysed; then the oldest are skipped and "
                "counted. Storing never waits.",
                1000,
                10'000'000,
                "readings"
            ),
            duration(
                MODAX_KEY(analysis.report_interval),
                "How often the analysis of a device is published when there is no news; a change "
                "is published at once.",
                milliseconds{100},
                std::chrono::hours{1}
            ),
            duration(
                MODAX_KEY(analysis.store_interval),
                "How often the analysis of a device is kept when there is no news; a change is "
                "kept at once.",
                milliseconds{100},
                std::chrono::days{1}
            ),
            duration(
                MODAX_KEY(analysis.retention),
                "How long analyses are kept; \"0s\" keeps all.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            duration(
                MODAX_KEY(analysis.on_delay),
                "How long a condition must last before it is an alarm (ISA-18.2).",
                milliseconds{0},
                std::chrono::hours{1}
            ),
            duration(
                MODAX_KEY(analysis.off_delay),
                "How long a condition must be gone before its alarm ends (ISA-18.2).",
                milliseconds{0},
                std::chrono::hours{24}
            ),
            flag(
                MODAX_KEY(analysis.latch),
                "Whether an alarm stays until somebody has acknowledged it."
            ),
            number(
                MODAX_KEY(analysis.alarms_per_hour),
                "How many alarms a device raises in an hour; further ones are shelved and counted, "
                "unless far stronger.",
                1,
                3600,
                "alarms"
            ),
            list(
                MODAX_KEY(analysis.wear_limits),
                "From which value of a metric on a device is worn out: device ('*' for any "
                "characters), metric and limit, for example \"cnc-* vibration 7.1\". The limit is "
                "reached from below; of several that fit a metric the last counts."
            ),
        }};
}

}  // namespace modax::config
