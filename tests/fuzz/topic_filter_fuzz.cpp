// Topic filters against topic names: the text up to the first line feed is the filter, the rest the
// topic. What the rules accept keeps to them, and matching agrees with the standard written down in
// another way (section 4.7, one level after the other).
#include "mqtt/codec/topic.hpp"
#include "mqtt/codec/wire.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using namespace modax::mqtt;

void require(bool holds) {
    if (!holds) std::abort();
}

std::vector<std::string_view> levels(std::string_view text) {
    std::vector<std::string_view> found;
    bool last = false;
    while (!last) found.push_back(take_level(text, last));
    return found;
}

bool matches_by_levels(std::string_view filter, std::string_view topic) {
    const auto wanted = levels(filter);
    const auto given = levels(topic);
    const bool wildcard_first = wanted[0] == "+" || wanted[0] == "#";
    if (topic[0] == '$' && wildcard_first) return false;
    const bool open = wanted.back() == "#";
    const std::size_t fixed = wanted.size() - (open ? 1 : 0);
    if (open ? given.size() < fixed : given.size() != fixed) return false;
    for (std::size_t i = 0; i < fixed; ++i) {
        if (wanted[i] != "+" && wanted[i] != given[i]) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto cut = input.find('\n');
    const auto filter = input.substr(0, cut);
    const auto topic = cut == std::string_view::npos ? std::string_view{} : input.substr(cut + 1);

    const bool filter_valid = is_valid_topic_filter(filter);
    const bool topic_valid = is_valid_topic_name(topic);
    if (filter_valid) require(!filter.empty() && is_valid_utf8(filter));
    if (topic_valid) {
        // A name is a filter that matches itself and has as many levels as it is counted to have.
        require(is_valid_topic_filter(topic) && matches(topic, topic));
        require(levels(topic).size() == level_count(topic));
        require(matches("#", topic) == (topic[0] != '$'));
    }
    if (filter_valid && topic_valid) {
        require(matches(filter, topic) == matches_by_levels(filter, topic));
    }
    if (const auto shared = parse_shared(filter)) {
        require(is_shared(filter) && is_valid_topic_filter(shared->filter));
        require(!shared->group.empty());
        require(shared->group.find_first_of("/+#") == std::string_view::npos);
        require(filter.size() == 8 + shared->group.size() + shared->filter.size());
    }
    return 0;
}
