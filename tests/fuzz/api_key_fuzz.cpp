// What a client shows as an API key, and a file of MQTT users: nothing but the one right text is
// let in, and no text does harm.
#include "core/clock.hpp"
#include "core/random.hpp"
#include "security/api_keys.hpp"
#include "security/user_rules.hpp"
#include "support/memory_identity_store.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

struct World {
    modax::test::MemoryIdentityStore store;
    modax::SystemClock clock;
    modax::SystemRandom random;
    modax::security::ApiKeys keys{store, clock, random, "dev"};
    modax::Secret right;

    World() {
        auto created = keys.create({"fuzz", {"readings:read"}, {}, std::nullopt}, {});
        require(created.has_value());
        right = created->text;
        require(keys.authenticate({right.reveal(), "127.0.0.1"}).has_value());
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const World world;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    require(!world.keys.authenticate({text, "127.0.0.1"}) || text == world.right.reveal());
    const auto users = modax::security::parse_users("users", text);
    if (users) {
        for (const auto& [name, hash] : *users) require(!name.empty());
    }
    return 0;
}
