#include "operations/oee.hpp"

namespace modax::operations {

Oee oee_of(const OeeInput& input) {
    using Seconds = std::chrono::duration<double>;
    Oee found;
    const double planned = Seconds{input.planned}.count();
    const double running = planned - Seconds{input.downtime}.count();
    const double made = input.produced + input.rejected;
    if (planned > 0) found.availability = running / planned;
    if (running > 0 && input.ideal_seconds) found.performance = *input.ideal_seconds / running;
    if (made > 0) found.quality = input.produced / made;
    if (found.availability && found.performance && found.quality) {
        found.oee = *found.availability * *found.performance * *found.quality;
    }
    return found;
}

}  // namespace modax::operations
