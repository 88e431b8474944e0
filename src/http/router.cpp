#include "http/router.hpp"

namespace modax::http {
namespace {

constexpr std::string_view k_parameter = "{id}";

// True when `path` is of `pattern`; sets `parameter` to what stands for {id}.
bool matches(std::string_view pattern, std::string_view path, std::string_view& parameter) {
    const auto open = pattern.find('{');
    if (open == std::string_view::npos) return pattern == path;
    if (!path.starts_with(pattern.substr(0, open))) return false;
    path.remove_prefix(open);
    pattern.remove_prefix(open + k_parameter.size());
    const auto end = std::min(path.find('/'), path.size());
    if (end == 0 || path.substr(end) != pattern) return false;
    parameter = path.substr(0, end);
    return true;
}

void add_method(std::string& allow, Method method) {
    if (!allow.empty()) allow += ", ";
    allow += to_string(method);
    if (method == Method::get) allow += ", HEAD";
}

}  // namespace

RouteMatch find_route(Method method, std::string_view path) {
    const Method wanted = method == Method::head ? Method::get : method;
    RouteMatch match;
    const auto table = routes();
    for (std::size_t i = 0; i < table.size(); ++i) {
        std::string_view parameter;
        if (!matches(table[i].pattern, path, parameter)) continue;
        if (table[i].method == wanted) {
            match.route = &table[i];
            match.index = i;
            match.parameter = parameter;
            return match;
        }
        add_method(match.allow, table[i].method);
    }
    if (!match.allow.empty()) match.allow += ", OPTIONS";
    return match;
}

}  // namespace modax::http
