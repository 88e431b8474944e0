#include "delivery/classification.hpp"

namespace modax {

std::string_view name_of(CallOutcome outcome) {
    switch (outcome) {
        case CallOutcome::delivered:
            return "delivered";
        case CallOutcome::permanent:
            return "permanent";
        case CallOutcome::transient:
            return "transient";
        case CallOutcome::configuration:
            return "configuration";
        case CallOutcome::ambiguous:
            return "ambiguous";
    }
    return "ambiguous";
}

}  // namespace modax

namespace modax::delivery {

CallOutcome classify(int status, const std::map<int, CallOutcome>& own) {
    if (const auto found = own.find(status); found != own.end()) return found->second;
    if (status >= 200 && status < 300) return CallOutcome::delivered;
    if (status >= 300 && status < 400) return CallOutcome::configuration;
    switch (status) {
        case 401:
        case 403:
        case 407:
            return CallOutcome::configuration;
        case 408:
        case 409:
        case 423:
        case 425:
        case 429:
        case 503:
            return CallOutcome::transient;
        default:
            return status >= 500 ? CallOutcome::ambiguous : CallOutcome::permanent;
    }
}

}  // namespace modax::delivery
