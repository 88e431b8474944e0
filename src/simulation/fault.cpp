#include "simulation/fault.hpp"

#include "core/duration_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

namespace modax::simulation {
namespace {

using std::chrono::microseconds;

struct KindRule {
    std::string_view name;
    Fault::Kind kind;
    enum class Wants : std::uint8_t { no, maybe, yes } metric;
    bool magnitude;
    microseconds default_duration;
    double default_magnitude;
};
using Wants = KindRule::Wants;

constexpr std::array<KindRule, 7> k_kinds{
    {{"spike", Fault::Kind::spike, Wants::yes, true, std::chrono::seconds{5}, 3},
     {"drift", Fault::Kind::drift, Wants::yes, true, std::chrono::minutes{10}, 1.5},
     {"stuck", Fault::Kind::stuck, Wants::yes, false, std::chrono::minutes{1}, 1},
     {"gap", Fault::Kind::gap, Wants::maybe, false, std::chrono::seconds{30}, 1},
     {"imbalance", Fault::Kind::imbalance, Wants::no, true, std::chrono::minutes{10}, 2},
     {"decouple", Fault::Kind::decouple, Wants::no, true, std::chrono::minutes{10}, 1},
     {"skew", Fault::Kind::skew, Wants::no, true, std::chrono::hours{1}, 3600}}};

constexpr double k_longest_skew = 10 * 365.0 * 86'400.0;  // seconds

// Cuts `text` at the last `mark`; what was behind it, or nullopt.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
    const auto at = text.rfind(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const auto behind = text.substr(at + 1);
    text = text.substr(0, at);
    return behind;
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(number)) return std::nullopt;
    return number;
}

std::string in_quotes(std::string_view text) {
    return "'" + std::string{text} + "'";
}

template <class Names>
std::string listed(const Names& names) {
    std::string out;
    for (const auto& name : names) {
        if (!out.empty()) out += ", ";
        out += name;
    }
    return out;
}

tl::unexpected<Error> wrong(std::string_view spec, const std::string& what) {
    return fail(
        Errc::invalid_argument,
        "fault " + in_quotes(spec) + ": " + what +
            "; write KIND[:METRIC]@START[/DURATION][*MAGNITUDE], for example "
            "spike:temperature@60s/10s*5"
    );
}

const KindRule* find_kind(std::string_view name) {
    const auto found = std::find_if(k_kinds.begin(), k_kinds.end(), [name](const KindRule& rule) {
        return rule.name == name;
    });
    return found == k_kinds.end() ? nullptr : &*found;
}

// Why the metric does not fit the kind; empty when it does.
std::string metric_problem(
    const KindRule& rule,
    std::optional<std::string_view> metric,
    std::span<const std::string_view> known
) {
    const std::string kind{rule.name};
    if (!metric) return rule.metric == Wants::yes ? kind + " needs a metric" : "";
    if (rule.metric == Wants::no) return kind + " takes no metric";
    if (std::find(known.begin(), known.end(), *metric) != known.end()) return "";
    return "unknown metric " + in_quotes(*metric) + " (one of " + listed(known) + ")";
}

}  // namespace

Result<Fault> parse_fault(std::string_view text, std::span<const std::string_view> metrics) {
    std::string_view rest = text;
    const auto magnitude = cut(rest, '*');
    const auto duration = cut(rest, '/');
    const auto start = cut(rest, '@');
    const auto metric = cut(rest, ':');
    const KindRule* rule = find_kind(rest);
    if (rule == nullptr) {
        return wrong(
            text,
            "unknown kind " + in_quotes(rest) +
                " (spike, drift, stuck, gap, imbalance, decouple or skew)"
        );
    }
    if (auto problem = metric_problem(*rule, metric, metrics); !problem.empty()) {
        return wrong(text, problem);
    }
    Fault fault{
        .kind = rule->kind,
        .metric = std::string{metric.value_or("")},
        .duration = rule->default_duration,
        .magnitude = rule->default_magnitude};
    if (!start) return wrong(text, "@START is missing");
    const auto start_time = parse_duration(*start);
    if (!start_time) return wrong(text, "START " + in_quotes(*start) + " is no duration");
    fault.start = *start_time;
    if (duration) {
        const auto length = parse_duration(*duration);
        if (!length || *length <= microseconds{0}) {
            return wrong(text, "DURATION " + in_quotes(*duration) + " is no duration above 0");
        }
        fault.duration = *length;
    }
    if (!magnitude) return fault;
    if (!rule->magnitude) return wrong(text, std::string{rule->name} + " takes no magnitude");
    const auto number = parse_number(*magnitude);
    if (!number) return wrong(text, "MAGNITUDE " + in_quotes(*magnitude) + " is no number");
    if (rule->kind == Fault::Kind::skew && std::abs(*number) > k_longest_skew) {
        return wrong(text, "a clock can be ten years off at most");
    }
    fault.magnitude = *number;
    return fault;
}

FaultyView::FaultyView(std::vector<Fault> faults) {
    entries_.reserve(faults.size());
    for (Fault& fault : faults) entries_.push_back(Entry{.fault = std::move(fault)});
}

double FaultyView::shown(std::string_view metric, double value, microseconds at) {
    for (Entry& entry : entries_) {
        const Fault& fault = entry.fault;
        if (fault.metric != metric || !fault.is_active(at)) continue;
        const double elapsed = static_cast<double>((at - fault.start).count()) /
                               static_cast<double>(fault.duration.count());
        switch (fault.kind) {
            case Fault::Kind::spike:
                value *= fault.magnitude;
                break;
            case Fault::Kind::drift:
                value *= 1 + (fault.magnitude - 1) * elapsed;
                break;
            case Fault::Kind::stuck:
                if (std::isnan(entry.held)) entry.held = value;
                value = entry.held;
                break;
            case Fault::Kind::gap:
                return std::numeric_limits<double>::quiet_NaN();
            case Fault::Kind::imbalance:
            case Fault::Kind::decouple:
            case Fault::Kind::skew:
                break;
        }
    }
    return value;
}

bool FaultyView::is_silent(microseconds at) const {
    return std::any_of(entries_.begin(), entries_.end(), [at](const Entry& entry) {
        const Fault& fault = entry.fault;
        return fault.kind == Fault::Kind::gap && fault.metric.empty() && fault.is_active(at);
    });
}

double FaultyView::strength(Fault::Kind kind, microseconds at) const {
    double sum = 0;
    for (const Entry& entry : entries_) {
        if (entry.fault.kind == kind && entry.fault.is_active(at)) sum += entry.fault.magnitude;
    }
    return sum;
}

microseconds FaultyView::clock_error(microseconds at) const {
    microseconds error{0};
    for (const Entry& entry : entries_) {
        if (entry.fault.kind != Fault::Kind::skew || !entry.fault.is_active(at)) continue;
        error += microseconds{std::llround(entry.fault.magnitude * 1e6)};
    }
    return error;
}

}  // namespace modax::simulation
