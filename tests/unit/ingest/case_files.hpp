// Reads the case folders of tests/cases.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace modax::ingest::test {

inline std::string file_bytes(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + path.string()};
    return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

// Names of what is in tests/cases/<folder>, sorted.
inline std::vector<std::string> cases_in(const std::string& folder) {
    std::vector<std::string> names;
    const std::filesystem::path root{MODAX_CASES};
    for (const auto& entry : std::filesystem::directory_iterator{root / folder}) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

// As GoogleTest wants the name of a parameter.
inline std::string test_name(std::string name) {
    for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    return name;
}

}  // namespace modax::ingest::test
