#include "core/summary.hpp"

#include <algorithm>
#include <cmath>

namespace modax {

void Summary::add(double value, Key key) {
    if (count == 0) {
        *this = Summary{1, value, 0, value, value, value, value, key, key};
        return;
    }
    const double before = value - mean();
    ++count;
    sum += value;
    squares += before * (value - mean());
    min = std::min(min, value);
    max = std::max(max, value);
    if (key < first_key) {
        first = value;
        first_key = key;
    }
    if (key > last_key) {
        last = value;
        last_key = key;
    }
}

void Summary::merge(const Summary& other) {
    if (other.count == 0) return;
    if (count == 0) {
        *this = other;
        return;
    }
    const double apart = other.mean() - mean();
    const auto mine = static_cast<double>(count);
    const auto theirs = static_cast<double>(other.count);
    squares += other.squares + apart * apart * (mine * theirs / (mine + theirs));
    count += other.count;
    sum += other.sum;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    if (other.first_key < first_key) {
        first = other.first;
        first_key = other.first_key;
    }
    if (other.last_key > last_key) {
        last = other.last;
        last_key = other.last_key;
    }
}

std::optional<double> Summary::standard_deviation() const {
    if (count < 2) return std::nullopt;
    return std::sqrt(squares / static_cast<double>(count - 1));
}

}  // namespace modax
