// Reads values as fast as they come, a hundred with each request. One thread.
#pragma once

#include "support/opcua_load/client.hpp"

#include <cstdint>

namespace modax::test {

struct ReadReport {
    std::uint64_t values = 0;
    std::uint64_t bad = 0;  // values with a bad status
    double seconds = 0;
    double first = 0;  // the first node's value, in the last answer
};

ReadReport read_for(const OpcUaTarget& target, double seconds);

}  // namespace modax::test
