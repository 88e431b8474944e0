// The schema of the rollups: readings summed up by minute, hour and day.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section rollups_section() {
    return {
        "rollups",
        "Readings summed up by minute, hour and day; they outlive the readings.",
        {
            duration(
                MODAX_KEY(rollups.interval),
                "How often new readings are summed up; a history has them at once all the same.",
                milliseconds{100},
                std::chrono::hours{1}
            ),
            duration(
                MODAX_KEY(rollups.keep_minutes),
                "How long minutes are kept; \"0s\" keeps all.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            duration(
                MODAX_KEY(rollups.keep_hours),
                "How long hours are kept; \"0s\" keeps all.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
            duration(
                MODAX_KEY(rollups.keep_days),
                "How long days are kept; \"0s\" keeps all.",
                milliseconds{0},
                std::chrono::days{36'500}
            ),
        }};
}

}  // namespace modax::config
