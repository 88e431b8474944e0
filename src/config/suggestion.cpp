#include "config/suggestion.hpp"

#include "config/schema.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace modax::config {
namespace {

// Levenshtein: insertions, deletions and replacements from one text to the other.
std::size_t distance(std::string_view from, std::string_view to) {
    std::vector<std::size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

std::string_view last_part(std::string_view name) {
    const auto dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

class Nearest {
public:
    // A name of thousands of characters is not a typing mistake.
    explicit Nearest(std::string_view unknown) : unknown_{unknown.substr(0, 100)} {}
    void consider(const std::string& known) {
        // The right key in the wrong section is near, too.
        const bool moved = last_part(known) == last_part(unknown_);
        const std::size_t found = moved ? 1 : distance(unknown_, known);
        if (found > std::max<std::size_t>(2, known.size() / 3)) return;
        if (best_.empty() || found < best_distance_) {
            best_ = known;
            best_distance_ = found;
        }
    }
    std::string advice() const {
        if (best_.empty()) return "`modax config reference` shows all there are";
        return "did you mean '" + best_ + "'?";
    }

private:
    std::string_view unknown_;
    std::string best_;
    std::size_t best_distance_ = 0;
};

}  // namespace

std::string suggest_key(std::string_view unknown) {
    Nearest nearest{unknown};
    for (const Section& section : schema()) {
        for (const Key& key : section.keys) nearest.consider(key.name);
    }
    return nearest.advice();
}

std::string suggest_section(std::string_view unknown) {
    Nearest nearest{unknown};
    for (const Section& section : schema()) {
        if (!section.name.empty()) nearest.consider(section.name);
    }
    return nearest.advice();
}

}  // namespace modax::config
