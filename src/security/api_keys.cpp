#include "security/api_keys.hpp"

#include "security/base62.hpp"

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
constexpr std::array<std::string_view, 4> k_denial_names{
    "malformed", "unknown", "revoked", "expired"};

bool is_environment(std::string_view word) {
    return !word.empty() && word.size() <= 12 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

// "*" or resource:verb.
bool is_scope(std::string_view scope) {
    if (scope == "*") return true;
    const auto colon = scope.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == scope.size()) return false;
    return std::all_of(
               scope.begin(),
               scope.end(),
               [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == ':'; }
           ) &&
           scope.find(':', colon + 1) == std::string_view::npos;
}

bool is_device_pattern(std::string_view pattern) {
    return !pattern.empty() && pattern.size() <= 64 &&
           std::all_of(pattern.begin(), pattern.end(), [](char c) {
               return is_base62({&c, 1}) || c == '.' || c == '_' || c == '-' || c == '*';
           });
}

Status check(const KeySpec& spec, Timestamp now) {
    const auto wrong = [](std::string text) {
        return fail(Errc::invalid_argument, std::move(text));
    };
    const bool printable = std::all_of(spec.name.begin(), spec.name.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
    });
    if (spec.name.empty() || spec.name.size() > 64 || !printable) {
        return wrong("name: must be 1 to 64 printable characters; name the user of the key");
    }
    if (spec.scopes.empty()) {
        return wrong("scopes: a key needs at least one, for example readings:read");
    }
    for (const std::string& scope : spec.scopes) {
        if (!is_scope(scope)) {
            return wrong(
                "scopes: '" + scope +
                "' is no scope; write resource:verb, for example "
                "readings:read, or *"
            );
        }
    }
    for (const std::string& pattern : spec.devices) {
        if (!is_device_pattern(pattern)) {
            return wrong(
                "devices: '" + pattern + "' is no pattern of device ids; write for example cnc-*"
            );
        }
    }
    if (spec.expires && *spec.expires <= now) {
        return wrong("expires: " + format_iso8601(*spec.expires) + " is over; choose a later time");
    }
    return {};
}

}  // namespace

// Never changed once it is made; a change makes a new one.
struct ApiKeys::Table {
    struct Entry {
        ApiKey key;
        Digest hash{};
        Principal principal;
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::vector<ApiKey> keys;  // oldest first
    std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> by_id;
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

Result<CreatedKey> ApiKeys::create(const KeySpec& spec) {
    const Timestamp now = clock_.now();
    if (auto checked = check(spec, now); !checked) return tl::make_unexpected(checked.error());
    const std::lock_guard changing{changing_};
    for (int attempt = 0;; ++attempt) {
        const std::string id = random_base62(random_, k_id_digits);
        const Secret secret{random_base62(random_, k_secret_digits)};
        const Digest hash = sha256_.hash(secret.reveal());
        ApiKey key{
            id,
            spec.name,
            {reinterpret_cast<const char*>(hash.data()), hash.size()},
            spec.scopes,
            spec.devices,
            now,
            spec.expires,
            false};
        if (auto inserted = store_.insert(key); !inserted) {
            // 62^8 ids: twice in a row is not chance.
            if (inserted.error().code == Errc::already_exists && attempt == 0) continue;
            return tl::make_unexpected(inserted.error());
        }
        auto keys = table()->keys;
        keys.push_back(key);
        if (auto replaced = replace_table(std::move(keys)); !replaced) {
            return tl::make_unexpected(replaced.error());
        }
        const Secret body{prefix_ + id + '_' + secret.reveal()};
        const Secret checksum{to_base62(crc32(body.reveal()), k_checksum_digits)};
        return CreatedKey{std::move(key), Secret{body.reveal() + checksum.reveal()}};
    }
}

Status ApiKeys::revoke(std::string_view id) {
    const std::lock_guard changing{changing_};
    if (auto revoked = store_.revoke(id); !revoked) return revoked;
    auto keys = table()->keys;
    for (ApiKey& key : keys) {
        if (key.id == id) key.revoked = true;
    }
    return replace_table(std::move(keys));
}

Status ApiKeys::replace_table(std::vector<ApiKey> keys) {
    auto table = std::make_shared<Table>();
    for (const ApiKey& key : keys) {
        Table::Entry entry{key, {}, {"api_key", key.name, key.scopes, key.devices, key.id}};
        if (key.secret_hash.size() != entry.hash.size()) {
            return fail(
                Errc::data_loss,
                "the stored API key " + key.id + " has no valid hash; restore the store"
            );
        }
        std::memcpy(entry.hash.data(), key.secret_hash.data(), entry.hash.size());
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
    return table()->keys;
}

Result<Principal> ApiKeys::authenticate(std::string_view text) const {
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
    if (!equal_in_constant_time(hash, known ? found->second.hash : nobody_) || !known) {
        return deny(Denial::unknown);
    }
    const Table::Entry& entry = found->second;
    if (entry.key.revoked) return deny(Denial::revoked);
    if (entry.key.expires && clock_.now() >= *entry.key.expires) return deny(Denial::expired);
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
}

std::shared_ptr<const ApiKeys::Table> ApiKeys::table() const {
    const std::lock_guard lock{mutex_};
    return table_;
}

tl::unexpected<Error> ApiKeys::deny(Denial reason) const {
    denied_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    return fail(
        Errc::unauthenticated, "the API key is not valid; ask the gateway's administrator for one"
    );
}

}  // namespace modax::security
