// What an HTTP status means for a delivery. Pure. Source: the error tables of SAP and Oracle, and
// RFC 9110 section 15.
#pragma once

#include "core/delivery.hpp"

#include <map>

namespace modax::delivery {

// A connector's own table goes first. Without an entry: 2xx delivered; 3xx, 401, 403, 407
// configuration (a redirect is a login page); 408, 409, 423, 425, 429, 503 transient; other 5xx
// ambiguous, as the peer may have booked before it failed; everything else permanent.
CallOutcome classify(int status, const std::map<int, CallOutcome>& own);

}  // namespace modax::delivery
