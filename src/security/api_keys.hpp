// API keys: made once, kept as a hash, checked from memory. Source: PROMISES P10 and 3.1.
// Text: modax_<environment>_<8 digits id>_<32 digits secret><6 digits checksum>, digits base 62;
// the secret has 190 bits. The checksum is the CRC-32 of everything before it, so that secret
// scanners recognise a key and junk is refused without a look-up. Owned by app.
#pragma once

#include "core/clock.hpp"
#include "core/metrics.hpp"
#include "core/principal.hpp"
#include "core/random.hpp"
#include "core/secret.hpp"
#include "security/digest.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

struct KeySpec {
    std::string name;                  // for people; 1 to 64 characters
    std::vector<std::string> scopes;   // "readings:read", …, or "*"; at least one
    std::vector<std::string> devices;  // device id patterns with '*'; empty: all
    std::optional<Timestamp> expires;  // nullopt: never
};

struct CreatedKey {
    ApiKey key;
    Secret text;  // shown once; nobody can get it again
};

// Thread-safe. create(), load() and revoke() wait for the store, so never on an I/O thread.
class ApiKeys final : public KeyAuthenticator, public MetricSource {
public:
    // `environment` is the second part of a key, [a-z0-9]{1,12}; a key of another environment is
    // refused. The three objects must outlive this one. Throws std::invalid_argument for another
    // environment.
    ApiKeys(KeyStore& store, const Clock& clock, Random& random, std::string_view environment);

    // Reads all keys from the store; call it once at start.
    Status load();
    // Errors: invalid_argument, and those of the store. The key works when this returns.
    Result<CreatedKey> create(const KeySpec& spec);
    // Errors: not_found, and those of the store. The key is refused when this returns.
    Status revoke(std::string_view id);
    // With revoked and expired ones, oldest first.
    std::vector<ApiKey> list() const;

    // About half a microsecond, from memory. Every wrong key gets the same error, and an unknown
    // id takes as long as a wrong secret.
    Result<Principal> authenticate(std::string_view text) const override;

    // modax_security_api_key_denied_total{reason}
    void collect(MetricSink& sink) const override;

private:
    enum class Denial : std::uint8_t { malformed, unknown, revoked, expired };
    struct Table;

    std::shared_ptr<const Table> table() const;
    // data_loss: a key has no valid hash; the old table stays.
    Status replace_table(std::vector<ApiKey> keys);
    tl::unexpected<Error> deny(Denial reason) const;

    KeyStore& store_;
    const Clock& clock_;
    Random& random_;
    std::string prefix_;  // "modax_dev_"
    Sha256 sha256_;
    Digest nobody_{};      // compared with when the id is unknown
    std::mutex changing_;  // one change at a time, from the store to the table
    mutable std::mutex mutex_;
    std::shared_ptr<const Table> table_;
    mutable std::array<std::atomic<std::uint64_t>, 4> denied_{};  // by Denial
};

}  // namespace modax::security
