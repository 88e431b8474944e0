// API keys: made once, kept as a hash, checked from memory. Source: PROMISES P10 and 3.1.
// Text: modax_<environment>_<8 digits id>_<32 digits secret><6 digits checksum>, digits base 62;
// the secret has 190 bits. The checksum is the CRC-32 of everything before it, so that secret
// scanners recognise a key and junk is refused without a look-up. Owned by app.
#pragma once

#include "core/clock.hpp"
#include "core/identity.hpp"
#include "core/metrics.hpp"
#include "core/random.hpp"
#include "security/digest.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::security {

// Thread-safe. create(), load() and revoke() wait for the store, so never on an I/O thread.
class ApiKeys final : public KeyAuthenticator, public KeyAdministration, public MetricSource {
public:
    // `environment` is the second part of a key, [a-z0-9]{1,12}; a key of another environment is
    // refused. The three objects must outlive this one. Throws std::invalid_argument for another
    // environment.
    ApiKeys(KeyStore& store, const Clock& clock, Random& random, std::string_view environment);

    // Reads all keys from the store; at start, and when its identity_version() has risen.
    Status load();
    // KeyAdministration
    std::vector<ApiKey> list() const override;
    Result<CreatedKey> create(const KeySpec& spec, const AuditEntry& origin) override;
    Result<CreatedKey> rotate(
        std::string_view id, std::chrono::seconds overlap, const AuditEntry& origin
    ) override;
    Status revoke(std::string_view id, const AuditEntry& origin) override;

    // Told of keys that are refused although their secret is right: (id, "revoked", "expired" or
    // "network", address), on the asking thread. Set before the first authenticate().
    using RefusedKeySink =
        std::function<void(std::string_view id, std::string_view reason, std::string_view address)>;
    void report_refused_keys_to(RefusedKeySink sink) { refused_key_sink_ = std::move(sink); }

    // About half a microsecond, from memory. Every wrong key gets the same error, and an unknown
    // id takes as long as a wrong secret.
    Result<Principal> authenticate(const KeyCredentials& credentials) const override;

    // Writes down when keys were used, at most once a minute each. Errors: those of the store.
    Status note_uses();
    // Keys in use that end within 14, 7 or 1 days (PROMISES P10), each told once a step.
    struct Expiring {
        ApiKey key;
        std::chrono::days step;
    };
    std::vector<Expiring> newly_expiring();

    // modax_security_api_key_denied_total{reason},
    // modax_security_api_key_expiry_timestamp_seconds{id,name} of keys in use
    void collect(MetricSink& sink) const override;

private:
    enum class Denial : std::uint8_t { malformed, unknown, revoked, expired, network };
    struct Table;

    std::shared_ptr<const Table> table() const;
    // The text of a new key, and the key with its hash.
    CreatedKey make(const KeySpec& spec, const AuditEntry& origin);
    // data_loss: a key has no valid hash; the old table stays.
    Status replace_table(std::vector<ApiKey> keys);
    tl::unexpected<Error> deny(Denial reason) const;
    tl::unexpected<Error> deny_known(Denial reason, std::string_view id, std::string_view address)
        const;

    RefusedKeySink refused_key_sink_;
    KeyStore& store_;
    const Clock& clock_;
    Random& random_;
    std::string prefix_;  // "modax_dev_"
    Sha256 sha256_;
    Digest nobody_{};      // compared with when the id is unknown
    std::mutex changing_;  // one change at a time, from the store to the table
    mutable std::mutex mutex_;
    std::shared_ptr<const Table> table_;
    std::map<std::string, std::int64_t> told_;  // by id, the step in days; of newly_expiring()
    mutable std::array<std::atomic<std::uint64_t>, 5> denied_{};  // by Denial
};

}  // namespace modax::security
