// The query of a request target as named values, percent-decoded. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::http {

// nullopt when an escape is malformed. `plus_is_space`: as in a query.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

class QueryString {
public:
    // nullopt when an escape is malformed.
    static std::optional<QueryString> parse(std::string_view query);

    // The first value of that name; an empty value counts as there.
    std::optional<std::string_view> find(std::string_view name) const;

private:
    std::vector<std::pair<std::string, std::string>> values_;
};

// "a,b,,c" without the empty ones.
std::vector<std::string> split_list(std::string_view list);

}  // namespace modax::http
