#include "security/api_keys.hpp"

#include "security/api_key_rules.hpp"
#include "security/base62.hpp"
#include "security/network.hpp"
#include "security/object_hash.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace modax::security {
namespace {

constexpr std::size_t k_id_digits = 8;
constexpr std::size_t k_secret_digits = 32;
constexpr std::size_t k_checksum_digits = 6;
constexpr std::array<std::string_view, 5> k_denial_names{
    "malformed", "unknown", "revoked", "expired", "network"};
constexpr std::chrono::days k_longest_overlap{30};
// PROMISES P10: warned so many days ahead.
constexpr std::array<std::chrono::days, 3> k_warnings{
    std::chrono::days{1}, std::chrono::days{7}, std::chrono::days{14}};

bool is_environment(std::string_view word) {
    return !word.empty() && word.size() <= 12 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

AuditEntry record_of(
    const AuditEntry& origin, std::string_view action, const ApiKey& key, Timestamp now
) {
    AuditEntry record = origin;
    record.time = now;
    record.action = action;
    record.object = "key:" + key.id;
    record.detail = "name " + key.name + "; scopes";
    for (const auto& scope : key.scopes) record.detail += ' ' + scope;
    if (!key.devices.empty()) record.detail += "; devices";
    for (const auto& device : key.devices) record.detail += ' ' + device;
    return record;
}

}  // namespace

// Never changed once it is made; a change makes a new one.
struct ApiKeys::Table {
    struct Entry {
        ApiKey key;
        Digest hash{};
        Principal principal;
        std::vector<Network> networks;
        // Seconds since 1970; 0: not since the table was made. Counted for note_uses().
        mutable std::atomic<std::int64_t> used{0};
        mutable std::atomic<std::int64_t> noted{0};

        bool in_use(Timestamp now) const {
            return !key.revoked && !(key.expires && now >= *key.expires);
        }
        bool allows(std::string_view address) const {
            return networks.empty() ||
                   std::any_of(networks.begin(), networks.end(), [&](const Network& network) {
                       return network.contains(address);
                   });
        }
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::vector<ApiKey> keys;  // oldest first
    std::unordered_map<std::string, std::shared_ptr<Entry>, TextHash, std::equal_to<>> by_id;
};

ApiKeys::ApiKeys(KeyStore& store, const Clock& clock, Random& random, std::string_view environment)
    : store_{store},
      clock_{clock},
      random_{random},
      prefix_{"modax_" + std::string{environment} + '_'},
      table_{std::make_shared<const Table>()} {
    if (!is_environment(environment)) {
        throw std::invalid_argument{
            "environment word '" + std::string{environment} +
            "' of API keys must be 1 to 12 of a-z and 0-9"};
    }
    random_.fill(nobody_);
}

Status ApiKeys::load() {
    const std::lock_guard changing{changing_};
    auto keys = store_.keys();
    if (!keys) return tl::make_unexpected(keys.error());
    return replace_table(std::move(*keys));
}

CreatedKey ApiKeys::make(const KeySpec& spec, const AuditEntry& origin) {
    ApiKey key;
    key.id = random_base62(random_, k_id_digits);
    const Secret secret{random_base62(random_, k_secret_digits)};
    const Digest hash = sha256_.hash(secret.reveal());
    key.secret_hash = {reinterpret_cast<const char*>(hash.data()), hash.size()};
    key.name = spec.name;
    key.scopes = spec.scopes;
    key.devices = spec.devices;
    key.networks = spec.networks;
    key.created = clock_.now();
    key.expires = spec.expires;
    key.created_by = origin.actor;
    const Secret body{prefix_ + key.id + '_' + secret.reveal()};
    const Secret checksum{to_base62(crc32(body.reveal()), k_checksum_digits)};
    return {std::move(key), Secret{body.reveal() + checksum.reveal()}};
}

Result<CreatedKey> ApiKeys::create(const KeySpec& spec, const AuditEntry& origin) {
    const Timestamp now = clock_.now();
    if (auto checked = check_key_spec(spec, now); !checked)
        return tl::make_unexpected(checked.error());
    const std::lock_guard changing{changing_};
    for (int attempt = 0;; ++attempt) {
        CreatedKey created = make(spec, origin);
        auto record = record_of(origin, "key.create", created.key, now);
        record.after_hash = object_hash(created.key);
        if (auto inserted = store_.insert(created.key, record); !inserted) {
            // 62^8 ids: twice in a row is not chance.
            if (inserted.error().code == Errc::already_exists && attempt == 0) continue;
            return tl::make_unexpected(inserted.error());
        }
        auto keys = table()->keys;
        keys.push_back(created.key);
        if (auto replaced = replace_table(std::move(keys)); !replaced) {
            return tl::make_unexpected(replaced.error());
        }
        return created;
    }
}

Result<CreatedKey> ApiKeys::rotate(
    std::string_view id, std::chrono::seconds overlap, const AuditEntry& origin
) {
    const Timestamp now = clock_.now();
    if (overlap < overlap.zero() || overlap > k_longest_overlap) {
        return fail(Errc::invalid_argument, "overlap: must be 0 to 30 days");
    }
    const std::lock_guard changing{changing_};
    auto keys = table()->keys;
    const auto old =
        std::find_if(keys.begin(), keys.end(), [&](const ApiKey& key) { return key.id == id; });
    if (old == keys.end()) {
        return fail(Errc::not_found, "there is no API key with id " + std::string{id});
    }
    if (old->revoked || (old->expires && now >= *old->expires)) {
        return fail(
            Errc::invalid_argument, "the key is revoked or has expired: create a new one instead"
        );
    }
    if (!old->successor.empty()) {
        return fail(
            Errc::invalid_argument, "the key was rotated before; its successor is " + old->successor
        );
    }
    KeySpec spec{old->name, old->scopes, old->devices, std::nullopt, old->networks};
    if (old->expires) spec.expires = now + (*old->expires - old->created);
    CreatedKey created = make(spec, origin);
    Timestamp old_expires = now + overlap;
    if (old->expires) old_expires = std::min(old_expires, *old->expires);
    auto record = record_of(origin, "key.rotate", *old, now);
    record.before_hash = object_hash(*old);
    record.after_hash = object_hash(created.key);
    record.detail += "; successor " + created.key.id + ", ends " + format_iso8601(old_expires);
    if (auto rotated = store_.rotate(created.key, id, old_expires, record); !rotated) {
        return tl::make_unexpected(rotated.error());
    }
    old->successor = created.key.id;
    old->expires = old_expires;
    keys.push_back(created.key);
    if (auto replaced = replace_table(std::move(keys)); !replaced) {
        return tl::make_unexpected(replaced.error());
    }
    return created;
}

Status ApiKeys::revoke(std::string_view id, const AuditEntry& origin) {
    const std::lock_guard changing{changing_};
    auto keys = table()->keys;
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const ApiKey& each) { return each.id == id; });
    if (key == keys.end()) {
        return fail(Errc::not_found, "there is no API key with id " + std::string{id});
    }
    auto record = record_of(origin, "key.revoke", *key, clock_.now());
    record.before_hash = object_hash(*key);
    key->revoked = true;
    record.after_hash = object_hash(*key);
    if (auto revoked = store_.revoke(id, record); !revoked) return revoked;
    return replace_table(std::move(keys));
}

Status ApiKeys::note_uses() {
    std::vector<KeyStore::Use> uses;
    const auto current = table();
    for (const auto& [id, entry] : current->by_id) {
        const auto used = entry->used.load(std::memory_order_relaxed);
        if (used < entry->noted.load(std::memory_order_relaxed) + 60) continue;
        uses.push_back({id, Timestamp{std::chrono::seconds{used}}});
    }
    if (uses.empty()) return {};
    if (auto noted = store_.note_uses(uses); !noted) return noted;
    for (const auto& use : uses) {
        current->by_id.at(use.id)->noted = to_micros(use.last) / 1'000'000;
    }
    return {};
}

std::vector<ApiKeys::Expiring> ApiKeys::newly_expiring() {
    std::vector<Expiring> found;
    const Timestamp now = clock_.now();
    const auto current = table();
    for (const auto& [id, entry] : current->by_id) {
        if (!entry->key.expires || !entry->in_use(now)) continue;
        const auto left = *entry->key.expires - now;
        const auto step = std::find_if(k_warnings.begin(), k_warnings.end(), [&](auto days) {
            return left <= days;
        });
        if (step == k_warnings.end()) continue;
        auto [told, fresh] = told_.try_emplace(id, 0);
        if (!fresh && told->second == step->count()) continue;
        told->second = step->count();
        found.push_back({entry->key, *step});
    }
    return found;
}

Status ApiKeys::replace_table(std::vector<ApiKey> keys) {
    auto table = std::make_shared<Table>();
    const auto before = this->table();
    for (const ApiKey& key : keys) {
        auto entry = std::make_shared<Table::Entry>();
        entry->key = key;
        entry->principal = {"api_key", key.name, key.scopes, key.devices, key.id};
        entry->principal.expires = key.expires;
        entry->principal.successor = key.successor;
        if (key.last_used) entry->noted = to_micros(*key.last_used) / 1'000'000;
        if (const auto old = before->by_id.find(key.id); old != before->by_id.end()) {
            entry->used = old->second->used.load(std::memory_order_relaxed);
            entry->noted = old->second->noted.load(std::memory_order_relaxed);
        }
        for (const auto& text : key.networks) {
            // One that can't be read any more lets nobody in.
            entry->networks.push_back(Network::parse(text).value_or(Network{}));
        }
        if (key.secret_hash.size() != entry->hash.size()) {
            return fail(
                Errc::data_loss,
                "the stored API key " + key.id + " has no valid hash; restore the store"
            );
        }
        std::memcpy(entry->hash.data(), key.secret_hash.data(), entry->hash.size());
        table->by_id.emplace(key.id, std::move(entry));
    }
    table->keys = std::move(keys);
    std::stable_sort(table->keys.begin(), table->keys.end(), [](const ApiKey& a, const ApiKey& b) {
        return a.created < b.created;
    });
    const std::lock_guard lock{mutex_};
    table_ = std::move(table);
    return {};
}

std::vector<ApiKey> ApiKeys::list() const {
    auto listed = table()->keys;
    const auto current = table();
    for (ApiKey& key : listed) {
        const auto found = current->by_id.find(key.id);
        const auto used = found == current->by_id.end() ? 0 : found->second->used.load();
        if (used > 0) key.last_used = Timestamp{std::chrono::seconds{used}};
    }
    return listed;
}

Result<Principal> ApiKeys::authenticate(const KeyCredentials& credentials) const {
    const std::string_view text = credentials.key;
    const std::size_t secret_at = prefix_.size() + k_id_digits + 1;
    const std::size_t checksum_at = secret_at + k_secret_digits;
    if (text.size() != checksum_at + k_checksum_digits || !text.starts_with(prefix_) ||
        text[secret_at - 1] != '_') {
        return deny(Denial::malformed);
    }
    const std::string_view id = text.substr(prefix_.size(), k_id_digits);
    const std::string_view secret = text.substr(secret_at, k_secret_digits);
    if (text.substr(checksum_at) !=
        to_base62(crc32(text.substr(0, checksum_at)), k_checksum_digits)) {
        return deny(Denial::malformed);
    }
    const auto keys = table();
    const auto found = keys->by_id.find(id);
    const bool known = found != keys->by_id.end();
    // Always hashed and compared, so that the time does not tell which ids there are.
    const Digest hash = sha256_.hash(secret);
    if (!equal_in_constant_time(hash, known ? found->second->hash : nobody_) || !known) {
        return deny(Denial::unknown);
    }
    const Table::Entry& entry = *found->second;
    const Timestamp now = clock_.now();
    const auto& address = credentials.address;
    if (entry.key.revoked) return deny_known(Denial::revoked, id, address);
    if (!entry.in_use(now)) return deny_known(Denial::expired, id, address);
    if (!entry.allows(address)) return deny_known(Denial::network, id, address);
    entry.used.store(to_micros(now) / 1'000'000, std::memory_order_relaxed);
    return entry.principal;
}

void ApiKeys::collect(MetricSink& sink) const {
    for (std::size_t i = 0; i < denied_.size(); ++i) {
        sink.counter(
            "modax_security_api_key_denied_total",
            "API keys that were refused.",
            static_cast<double>(denied_[i].load(std::memory_order_relaxed)),
            {{"reason", k_denial_names[i]}}
        );
    }
    const Timestamp now = clock_.now();
    const auto current = table();
    for (const auto& [id, entry] : current->by_id) {
        if (!entry->key.expires || !entry->in_use(now)) continue;
        sink.gauge(
            "modax_security_api_key_expiry_timestamp_seconds",
            "When an API key in use ends, in seconds since 1970.",
            static_cast<double>(to_micros(*entry->key.expires)) / 1e6,
            {{"id", id}, {"name", entry->key.name}}
        );
    }
}

std::shared_ptr<const ApiKeys::Table> ApiKeys::table() const {
    const std::lock_guard lock{mutex_};
    return table_;
}

tl::unexpected<Error> ApiKeys::deny_known(
    Denial reason, std::string_view id, std::string_view address
) const {
    if (refused_key_sink_) {
        refused_key_sink_(id, k_denial_names[static_cast<std::size_t>(reason)], address);
    }
    return deny(reason);
}

tl::unexpected<Error> ApiKeys::deny(Denial reason) const {
    denied_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    return fail(
        Errc::unauthenticated, "the API key is not valid; ask the gateway's administrator for one"
    );
}

}  // namespace modax::security
