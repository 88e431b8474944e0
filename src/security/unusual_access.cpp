#include "security/unusual_access.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace modax::security {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<std::string_view, 10> k_rules{
    "new_network",
    "two_networks",
    "unusual_hour",
    "idle",
    "many_devices",
    "export_volume",
    "many_refusals",
    "revoked_key",
    "expired_key",
    "clock_step"};

constexpr minutes k_refusal_window{5};
constexpr std::size_t k_many_refusals = 20;
constexpr hours k_quiet{1};
constexpr seconds k_clock_step{5};
// Beyond these the oldest go: somebody who makes up names must not fill the memory.
constexpr std::size_t k_most_profiles = 10'000;
constexpr std::size_t k_most_sources = 10'000;

bool is_somebody(std::string_view actor) {
    return actor.starts_with("key:") || actor.starts_with("user:") ||
           actor.starts_with("certificate:");
}

std::string_view device_of(std::string_view object) {
    constexpr std::string_view k_device = "device:";
    return object.starts_with(k_device) ? object.substr(k_device.size()) : std::string_view{};
}

template <typename Map, typename Time>
void drop_oldest(Map& map, std::size_t most, const Time& time_of) {
    if (map.size() <= most) return;
    map.erase(std::min_element(map.begin(), map.end(), [&](const auto& a, const auto& b) {
        return time_of(a.second) < time_of(b.second);
    }));
}

}  // namespace

UnusualAccess::UnusualAccess(
    AuditTrail& trail, AccessProfileStore& store, const Clock& clock, Log& log
)
    : trail_{trail}, store_{store}, clock_{clock}, log_{log} {
    for (const auto rule : k_rules) events_.emplace(rule, 0);
}

Status UnusualAccess::load() {
    auto texts = store_.access_profiles();
    if (!texts) return tl::make_unexpected(texts.error());
    const std::lock_guard lock{mutex_};
    for (const auto& [actor, text] : *texts) {
        // What an older or a newer version wrote is learned again.
        if (auto profile = AccessProfile::parse(text)) profiles_[actor] = std::move(*profile);
    }
    return {};
}

void UnusualAccess::report_to(SecurityEventSink sink) {
    sink_ = std::move(sink);
}

void UnusualAccess::access(AuditEntry entry) noexcept {
    try {
        const std::lock_guard lock{mutex_};
        observe(entry);
    } catch (const std::exception& error) {
        log_.error("security", "an access could not be looked at", {{"reason", error.what()}});
    }
    trail_.access(std::move(entry));
    tell();
}

void UnusualAccess::refusal(AuditEntry entry) noexcept {
    try {
        const std::lock_guard lock{mutex_};
        count_refusal(entry);
    } catch (const std::exception& error) {
        log_.error("security", "a refusal could not be looked at", {{"reason", error.what()}});
    }
    trail_.refusal(std::move(entry));
    tell();
}

void UnusualAccess::served(std::string_view actor, std::uint64_t bytes) noexcept {
    try {
        const std::lock_guard lock{mutex_};
        AccessProfile* profile = profile_of(actor);
        if (profile == nullptr) return;
        for (auto& [rule, evidence] : profile->serve(clock_.now(), bytes)) {
            raise(rule, actor, {}, std::move(evidence));
        }
    } catch (const std::exception& error) {
        log_.error("security", "an export could not be counted", {{"reason", error.what()}});
    }
    tell();
}

void UnusualAccess::refused_key(
    std::string_view key_id, std::string_view reason, std::string_view address
) noexcept {
    try {
        const std::string actor = "key:" + std::string{key_id};
        const std::lock_guard lock{mutex_};
        if (reason == "network") {
            raise("new_network", actor, address, "refused: the key is not for this network");
        } else if (reason == "revoked" || reason == "expired") {
            raise(
                reason == "revoked" ? "revoked_key" : "expired_key",
                actor,
                address,
                "a key that is " + std::string{reason} + " was shown, with its right secret"
            );
        }
    } catch (const std::exception& error) {
        log_.error("security", "a refused key could not be told", {{"reason", error.what()}});
    }
    tell();
}

void UnusualAccess::observe(const AuditEntry& entry) {
    AccessProfile* profile = profile_of(entry.actor);
    if (profile == nullptr) return;
    for (auto& [rule, evidence] :
         profile->use(clock_.now(), entry.source, device_of(entry.object))) {
        raise(rule, entry.actor, entry.source, std::move(evidence));
    }
}

AccessProfile* UnusualAccess::profile_of(std::string_view actor) {
    if (!is_somebody(actor)) return nullptr;
    auto found = profiles_.find(actor);
    if (found == profiles_.end()) {
        drop_oldest(profiles_, k_most_profiles - 1, [](const AccessProfile& each) {
            return each.last_used();
        });
        found = profiles_.emplace(actor, AccessProfile{}).first;
    }
    changed_.emplace(actor);
    return &found->second;
}

void UnusualAccess::count_refusal(const AuditEntry& entry) {
    const auto now = clock_.now();
    drop_oldest(refusals_, k_most_sources - 1, [](const std::deque<Timestamp>& each) {
        return each.empty() ? Timestamp{} : each.back();
    });
    auto& times = refusals_[entry.source];
    times.push_back(now);
    while (now - times.front() > k_refusal_window) times.pop_front();
    if (times.size() < k_many_refusals) return;
    const auto count = times.size();
    times.clear();
    raise(
        "many_refusals",
        is_somebody(entry.actor) ? entry.actor : std::string{},
        entry.source,
        std::to_string(count) + " refusals within 5 minutes, the last over " + entry.via + " for " +
            entry.action + " of " + entry.object + ": " + entry.detail
    );
}

void UnusualAccess::raise(
    std::string_view rule, std::string_view actor, std::string_view source, std::string evidence
) {
    const auto now = clock_.now();
    ++events_[std::string{rule}];
    std::string key{rule};
    key.append(1, ' ').append(actor.empty() ? source : actor);
    drop_oldest(told_, k_most_sources - 1, [](const Told& each) { return each.at; });
    auto [told, fresh] = told_.try_emplace(std::move(key), Told{now, 0});
    if (!fresh && now - told->second.at < k_quiet && now >= told->second.at) {
        ++told->second.since;
        return;
    }
    waiting_.push_back(
        {now,
         std::string{rule},
         std::string{actor},
         std::string{source},
         std::move(evidence),
         fresh ? 1 : told->second.since + 1}
    );
    told->second = {now, 0};
}

void UnusualAccess::tell() noexcept {
    try {
        std::vector<SecurityEvent> events;
        {
            const std::lock_guard lock{mutex_};
            events.swap(waiting_);
        }
        for (const SecurityEvent& event : events) {
            log_.warn(
                "security",
                "unusual access: " + event.evidence,
                {{"rule", event.rule}, {"actor", event.actor}, {"source", event.source}}
            );
            AuditEntry entry;
            entry.time = event.time;
            entry.actor = event.actor;
            entry.source = event.source;
            entry.via = "gateway";
            entry.action = "security.unusual";
            entry.object = "rule:" + event.rule;
            entry.detail = event.evidence;
            entry.count = event.count;
            trail_.access(std::move(entry));
            if (sink_) sink_(event);
        }
    } catch (const std::exception& error) {
        log_.error("security", "unusual access could not be told", {{"reason", error.what()}});
    }
}

void UnusualAccess::look() {
    const auto steady = clock_.steady_now();
    const auto wall = clock_.now();
    if (looked_) {
        const auto expected =
            wall_at_look_ + std::chrono::duration_cast<Timestamp::duration>(steady - *looked_);
        const auto step = wall - expected;
        if (std::chrono::abs(step) > k_clock_step) {
            const auto whole = std::chrono::round<seconds>(step).count();
            const std::lock_guard lock{mutex_};
            raise(
                "clock_step",
                {},
                {},
                "the clock was set " + std::string{whole > 0 ? "forward" : "back"} + " by " +
                    std::to_string(whole > 0 ? whole : -whole) + " s"
            );
        }
    }
    looked_ = steady;
    wall_at_look_ = wall;
    tell();
}

Status UnusualAccess::save() {
    std::vector<AccessProfileText> texts;
    {
        const std::lock_guard lock{mutex_};
        for (const auto& actor : changed_) {
            const auto found = profiles_.find(actor);
            if (found != profiles_.end()) texts.push_back({actor, found->second.text()});
        }
    }
    if (texts.empty()) return {};
    if (auto saved = store_.save_access_profiles(texts); !saved) return saved;
    const std::lock_guard lock{mutex_};
    // What has changed meanwhile is written with the next change.
    for (const auto& [actor, text] : texts) changed_.erase(actor);
    return {};
}

void UnusualAccess::collect(MetricSink& sink) const {
    const std::lock_guard lock{mutex_};
    for (const auto& [rule, count] : events_) {
        sink.counter(
            "modax_security_events_total",
            "Unusual accesses by the rule that found them",
            static_cast<double>(count),
            {{"rule", rule}}
        );
    }
}

}  // namespace modax::security
