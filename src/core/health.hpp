// What /ready asks of each part.
#pragma once

#include <string>

namespace modax {

struct Health {
    std::string part;  // "landing", "mqtt", "uplink", ...
    bool ready = false;
    std::string detail;  // one line: what is wrong and what to do; empty when all is well
};

class HealthSource {
public:
    virtual ~HealthSource() = default;
    // Thread-safe; must not block on I/O.
    virtual Health health() const = 0;
};

}  // namespace modax
