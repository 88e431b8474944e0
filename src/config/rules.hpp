// Rules between keys, where each value for itself is right. Internal to config.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace modax::config {

struct Violation {
    std::string key;  // the key to change
    std::string text;
    std::string because;  // the key that makes it wrong, when it is another one
};

std::vector<Violation> check_rules(const Config& config);

}  // namespace modax::config
