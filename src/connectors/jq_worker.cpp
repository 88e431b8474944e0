// The worker's side of a mapping. The only part that knows libjq.
#include "connectors/jq.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <iterator>

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace modax::connectors {
namespace {

constexpr rlim_t k_cpu_seconds = 2;
constexpr rlim_t k_memory_bytes = 512ULL * 1024 * 1024;

void limit(int resource, rlim_t value) {
    const rlimit both{value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

// No file can be opened, so `import` and ~/.jq find nothing; the environment is empty already.
void set_limits() {
    limit(RLIMIT_CPU, k_cpu_seconds);
    limit(RLIMIT_AS, k_memory_bytes);
    limit(RLIMIT_NOFILE, 3);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NPROC, 0);
}

std::string text_of(jv value) {
    jv text = jv_get_kind(value) == JV_KIND_STRING ? value : jv_dump_string(value, 0);
    std::string copy{
        jv_string_value(text), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(text)))};
    jv_free(text);
    return copy;
}

void keep_message(void* where, jv message) {
    auto& text = *static_cast<std::string*>(where);
    if (!text.empty()) text += "; ";
    text += text_of(message);
}

int answer(const std::string& text, int code) {
    std::cout << text << std::flush;
    return code;
}

int map(const std::string& program, const std::string& input) {
    jq_state* state = jq_init();
    if (state == nullptr) return answer("jq can't be started", 1);
    std::string problem;
    jq_set_error_cb(state, keep_message, &problem);
    if (jq_compile(state, program.c_str()) == 0) {
        return answer(problem.empty() ? "it does not compile" : problem, 1);
    }
    jv parsed = jv_parse_sized(input.data(), static_cast<int>(input.size()));
    if (jv_is_valid(parsed) == 0) {
        jv_free(parsed);
        return answer("what it maps is no JSON", 1);
    }
    jq_start(state, parsed, 0);
    jv result = jq_next(state);
    if (jv_is_valid(result) != 0) return answer(text_of(result), 0);
    if (jv_invalid_has_msg(jv_copy(result)) != 0) {
        return answer(text_of(jv_invalid_get_msg(result)), 1);
    }
    return answer("null", 0);
}

}  // namespace

int run_jq_worker() {
    set_limits();
    const std::string all{std::istreambuf_iterator<char>{std::cin}, {}};
    std::size_t size = 0;
    const char* end = all.data() + all.size();
    const auto [at, error] = std::from_chars(all.data(), end, size);
    if (error != std::errc{} || at == end || size > static_cast<std::size_t>(end - at - 1)) {
        return answer("the worker was called wrongly", 1);
    }
    const auto start = static_cast<std::size_t>(at - all.data()) + 1;
    return map(all.substr(start, size), all.substr(start + size));
}

}  // namespace modax::connectors
