// Rules between keys, where each value for itself is right. Used by load.cpp and app.
#pragma once

#include "config/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::config {

struct Violation {
    std::string key;  // the key to change
    std::string text;
    std::string because;  // the key that makes it wrong, when it is another one
};

// Whether a listener on this address is reached from this machine only.
bool is_loopback(std::string_view address);

std::vector<Violation> check_rules(const Config& config);

}  // namespace modax::config
