// The worker's side of a mapping. The only part that knows libjq.
#include "connectors/jq.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <iostream>
#include <map>
#include <memory>

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace modax::connectors {
namespace {

constexpr rlim_t k_cpu_seconds = 2;  // for each mapping
constexpr rlim_t k_memory_bytes = 512ULL * 1024 * 1024;
// Compiling takes jq 1.6 much longer than running.
constexpr std::size_t k_programs_kept = 32;

void limit(int resource, rlim_t value) {
    const rlimit both{value, value};
    setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

// No file can be opened, so `import` and ~/.jq find nothing; the environment is empty already.
void set_limits() {
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

// The system ends the worker when this mapping has used up its time.
void limit_this_mapping() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    // Whole seconds only, so one more for what has begun, and one for what is lost in the sum.
    const rlimit time{seconds + k_cpu_seconds + 2, RLIM_INFINITY};
    setrlimit(RLIMIT_CPU, &time);
}

struct Answer {
    std::string text;
    bool failed = false;
};

// A compiled program. jq keeps nothing from one input to the next.
class Program {
public:
    Program() : state_{jq_init()} {
        if (state_ != nullptr) jq_set_error_cb(state_, keep_message, &problem_);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() { jq_teardown(&state_); }

    bool compile(const std::string& text) {
        return state_ != nullptr && jq_compile(state_, text.c_str()) != 0;
    }
    std::string problem() const { return problem_.empty() ? "it does not compile" : problem_; }

    Answer run(const std::string& input) {
        jv parsed = jv_parse_sized(input.data(), static_cast<int>(input.size()));
        if (jv_is_valid(parsed) == 0) {
            jv_free(parsed);
            return {"what it maps is no JSON", true};
        }
        jq_start(state_, parsed, 0);
        jv result = jq_next(state_);
        Answer answer{"null", false};
        if (jv_is_valid(result) != 0) {
            answer.text = text_of(result);
        } else if (jv_invalid_has_msg(jv_copy(result)) != 0) {
            answer = {text_of(jv_invalid_get_msg(result)), true};
        } else {
            jv_free(result);
        }
        jq_start(state_, jv_null(), 0);  // what the rest of the mapping holds is given back
        return answer;
    }

private:
    std::string problem_;
    jq_state* state_ = nullptr;
};

class Programs {
public:
    Answer map(const std::string& program, const std::string& input) {
        auto found = all_.find(program);
        if (found == all_.end()) {
            auto compiled = std::make_unique<Program>();
            if (!compiled->compile(program)) return {compiled->problem(), true};
            if (all_.size() >= k_programs_kept) all_.clear();
            found = all_.emplace(program, std::move(compiled)).first;
        }
        return found->second->run(input);
    }

private:
    std::map<std::string, std::unique_ptr<Program>> all_;
};

std::string take(std::size_t size) {
    std::string text(size, '\0');
    std::cin.read(text.data(), static_cast<std::streamsize>(size));
    return text;
}

}  // namespace

int run_jq_worker() {
    set_limits();
    std::ios::sync_with_stdio(false);
    Programs programs;
    std::size_t program_size = 0;
    std::size_t input_size = 0;
    while (std::cin >> program_size >> input_size && std::cin.get() == '\n') {
        const std::string program = take(program_size);
        const std::string input = take(input_size);
        if (!std::cin) return 1;
        limit_this_mapping();
        const Answer answer = programs.map(program, input);
        std::cout << (answer.failed ? '1' : '0') << ' ' << answer.text.size() << '\n'
                  << answer.text << std::flush;
    }
    return 0;
}

}  // namespace modax::connectors
