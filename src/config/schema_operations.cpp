// The schema of operations: when the plant means to produce.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section operations_section() {
    return {
        "operations",
        "Orders, quality and equipment.",
        {
            list(
                MODAX_KEY(operations.shifts),
                "When the plant means to produce, in UTC, for example \"mon-fri 06:00-14:00\"; "
                "availability counts these times only. Empty: always."
            ),
        }};
}

}  // namespace modax::config
