// Keys, users and roles in the store, each change with its row in the audit log.
#include "support/fake_audit_seal.hpp"
#include "unit/landing/landing_fixture.hpp"

#include <gmock/gmock.h>

namespace modax::landing {
namespace {

using ::testing::HasSubstr;

class IdentityTest : public LandingTest {
protected:
    void open_sealed() {
        open();
        store->seal_audit_with(seal);
    }
    ApiKey make_key(std::string id) const {
        ApiKey key;
        key.id = std::move(id);
        key.name = "power bi";
        key.secret_hash = std::string("\x00\x01\xff", 3);
        key.scopes = {"readings:read", "keys:write"};
        key.devices = {"cnc-*"};
        key.networks = {"10.0.0.0/8"};
        key.created = clock.now();
        key.expires = clock.now() + std::chrono::days{90};
        key.created_by = "key:admin000";
        return key;
    }
    std::size_t records() const { return store->audit_rows({})->size(); }

    FakeAuditSeal seal;
    const AuditEntry record = [] {
        AuditEntry entry;
        entry.actor = "key:admin000";
        entry.action = "key.create";
        return entry;
    }();
};

TEST_F(IdentityTest, WhatIsUsualIsKeptAndReplaced) {
    open_sealed();
    const std::vector<AccessProfileText> first{{"key:a", "1"}, {"user:b", "2"}};
    ASSERT_TRUE(store->save_access_profiles(first));
    const std::vector<AccessProfileText> second{{"key:a", "3"}};
    ASSERT_TRUE(store->save_access_profiles(second));
    const auto found = store->access_profiles();
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ((*found)[0].text, "3");
    EXPECT_EQ((*found)[1].text, "2");
    EXPECT_EQ(records(), 0U) << "nobody's change";
}

TEST_F(IdentityTest, KeysAreKeptOnceAndCanBeRevoked) {
    open_sealed();
    const ApiKey key = make_key("abcdefgh");
    ASSERT_TRUE(store->insert(key, record));
    ApiKey second = make_key("zzzzzzzz");
    second.devices.clear();
    second.expires.reset();
    ASSERT_TRUE(store->insert(second, record));
    EXPECT_EQ(store->insert(key, record).error().code, Errc::already_exists);
    EXPECT_EQ(store->revoke("nobody", record).error().code, Errc::not_found);
    ASSERT_TRUE(store->revoke("zzzzzzzz", record));
    EXPECT_EQ(records(), 3U) << "what did not happen has no row";
    close();
    open_sealed();
    const auto keys = store->keys();
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 2U);
    const ApiKey& found = (*keys)[0];
    EXPECT_EQ(found.id, key.id);
    EXPECT_EQ(found.name, key.name);
    EXPECT_EQ(found.secret_hash, key.secret_hash);
    EXPECT_EQ(found.scopes, key.scopes);
    EXPECT_EQ(found.devices, key.devices);
    EXPECT_EQ(found.networks, key.networks);
    EXPECT_EQ(found.created, key.created);
    EXPECT_EQ(found.created_by, key.created_by);
    EXPECT_EQ(found.expires, key.expires);
    EXPECT_FALSE(found.revoked);
    EXPECT_TRUE((*keys)[1].revoked);
    EXPECT_TRUE((*keys)[1].devices.empty());
    EXPECT_FALSE((*keys)[1].expires);
}

TEST_F(IdentityTest, ARotationChangesBothKeysOrNone) {
    open_sealed();
    ASSERT_TRUE(store->insert(make_key("old00000"), record));
    ASSERT_TRUE(store->insert(make_key("taken000"), record));
    const auto end = clock.now() + std::chrono::days{7};
    EXPECT_FALSE(store->rotate(make_key("taken000"), "old00000", end, record));
    EXPECT_EQ((*store->keys())[0].successor, "");
    ASSERT_TRUE(store->rotate(make_key("new00000"), "old00000", end, record));
    const auto keys = *store->keys();
    ASSERT_EQ(keys.size(), 3U);
    EXPECT_EQ(keys[1].id, "old00000");
    EXPECT_EQ(keys[1].successor, "new00000");
    EXPECT_EQ(keys[1].expires, end);
    EXPECT_EQ(records(), 3U);
}

TEST_F(IdentityTest, UsersAndRolesAreKept) {
    open_sealed();
    const User user{"press", "$argon2id$…", {"device", "bi"}, clock.now()};
    ASSERT_TRUE(store->put(user, record));
    ASSERT_TRUE(store->put(User{"anna", "", {}, clock.now()}, record));
    const Role role{"cell", {"a/%u", "b/#"}, {"c/+"}};
    ASSERT_TRUE(store->put(role, record));
    close();
    open_sealed();
    ASSERT_EQ(store->users()->size(), 2U);
    EXPECT_EQ((*store->users())[1], user);
    EXPECT_EQ(store->roles()->at(0), role);
    ASSERT_TRUE(store->remove_user("anna", record));
    ASSERT_TRUE(store->remove_role("cell", record));
    EXPECT_EQ(store->remove_user("anna", record).error().code, Errc::not_found);
    EXPECT_EQ(store->remove_role("cell", record).error().code, Errc::not_found);
    EXPECT_EQ(records(), 5U);
}

TEST_F(IdentityTest, TheVersionRisesWithEveryChangeButNotWithUses) {
    open_sealed();
    auto last = *store->identity_version();
    const auto risen = [&] {
        const auto before = std::exchange(last, *store->identity_version());
        return last > before;
    };
    ASSERT_TRUE(store->insert(make_key("abcdefgh"), record));
    EXPECT_TRUE(risen());
    const KeyStore::Use use{"abcdefgh", clock.now()};
    ASSERT_TRUE(store->note_uses({&use, 1}));
    EXPECT_FALSE(risen());
    EXPECT_EQ((*store->keys())[0].last_used, clock.now());
    ASSERT_TRUE(store->revoke("abcdefgh", record));
    EXPECT_TRUE(risen());
    ASSERT_TRUE(store->put(User{"press", "", {}, clock.now()}, record));
    EXPECT_TRUE(risen());
    ASSERT_TRUE(store->put(User{"press", "", {"bi"}, clock.now()}, record));
    EXPECT_TRUE(risen());
    ASSERT_TRUE(store->remove_user("press", record));
    EXPECT_TRUE(risen());
}

TEST_F(IdentityTest, NothingChangesWithoutTheAuditLog) {
    open();
    EXPECT_EQ(store->insert(make_key("abcdefgh"), record).error().code, Errc::unavailable);
    EXPECT_TRUE(store->keys()->empty());
}

TEST_F(IdentityTest, ACompanionChangesWhatARunningGatewaySees) {
    open_sealed();
    const auto before = *store->identity_version();
    StoreOptions options = store_options;
    EXPECT_EQ(Store::open(options, *registry, clock, log).error().code, Errc::already_exists);
    options.companion = true;
    DeviceRegistry devices;
    auto companion = Store::open(options, devices, clock, log);
    ASSERT_TRUE(companion) << companion.error().detail;
    (*companion)->seal_audit_with(seal);
    ASSERT_TRUE((*companion)->insert(make_key("abcdefgh"), record));
    EXPECT_GT(*store->identity_version(), before);
    EXPECT_EQ(store->keys()->size(), 1U);
    ASSERT_TRUE(store->revoke("abcdefgh", record));
    EXPECT_TRUE((*(*companion)->keys())[0].revoked);
    EXPECT_EQ(records(), 2U);
    companion->reset();
    store_now(group_of(reading("cnc-01", 1)));
}

TEST_F(IdentityTest, KeysCanBeStoredWhileReadingsAre) {
    open_sealed();
    for (int i = 0; i < 50; ++i) {
        submit(group_of(reading("cnc-01", i)));
        ASSERT_TRUE(store->insert(make_key("key" + std::to_string(i)), record));
    }
    ASSERT_TRUE(witness.wait_for_acks(50));
    EXPECT_TRUE(writer->health().ready);
    EXPECT_EQ(store->keys()->size(), 50U);
}

}  // namespace
}  // namespace modax::landing
