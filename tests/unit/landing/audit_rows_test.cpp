#include "landing/audit_rows.hpp"

#include "landing_fixture.hpp"
#include "support/fake_audit_seal.hpp"

#include <gmock/gmock.h>

namespace modax::landing {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class AuditRowsTest : public LandingTest {
protected:
    void open_sealed() {
        open();
        store->seal_audit_with(seal);
    }
    AuditEntry entry(std::string actor, std::string action, std::string object = {}) {
        AuditEntry made;
        made.time = clock.now();
        made.actor = std::move(actor);
        made.source = "192.0.2.1";
        made.via = "rest";
        made.action = std::move(action);
        made.object = std::move(object);
        return made;
    }
    void append(const AuditEntry& added) {
        const auto done = store->append({&added, 1});
        ASSERT_TRUE(done) << done.error().detail;
    }
    std::vector<AuditRow> rows(const AuditQuery& query = {}) {
        auto found = store->audit_rows(query);
        EXPECT_TRUE(found);
        return found ? *found : std::vector<AuditRow>{};
    }
    std::vector<std::uint64_t> sequences(const AuditQuery& query = {}) {
        std::vector<std::uint64_t> found;
        for (const AuditRow& row : rows(query)) found.push_back(row.sequence);
        return found;
    }

    FakeAuditSeal seal;
};

TEST_F(AuditRowsTest, RowsComeBackAsTheyWereWritten) {
    open_sealed();
    auto made = entry("key:abc", "key.create", "key:def");
    made.result = AuditEntry::Result::refused;
    made.detail = "lacks the scope keys:write";
    made.request_id = "7f";
    made.before_hash = "00ff";
    made.after_hash = "11ee";
    made.count = 17;
    append(made);
    const auto found = rows();
    ASSERT_THAT(found, SizeIs(1));
    const AuditRow& row = found[0];
    EXPECT_EQ(row.sequence, 1U);
    EXPECT_EQ(row.entry, made);
    EXPECT_EQ(row.boot_id, "boot");
    EXPECT_TRUE(row.sound);
}

TEST_F(AuditRowsTest, TheChainGoesOnOverTransactionsAndRestarts) {
    open_sealed();
    const std::vector<AuditEntry> two{entry("a", "x.one"), entry("a", "x.two")};
    ASSERT_TRUE(store->append(two));
    reopen();
    store->seal_audit_with(seal);
    append(entry("b", "x.three"));
    std::vector<std::string> predecessors;
    const auto read = store->each_audit_row(1, [&](const AuditRow& row) {
        predecessors.push_back(row.hash.substr(28));
        return true;
    });
    ASSERT_TRUE(read);
    EXPECT_THAT(predecessors, ElementsAre(std::string(4, '\0'), "1...", "2..."));
}

TEST_F(AuditRowsTest, NothingIsChangedWithoutASeal) {
    open();
    const auto refused = store->append(std::vector{entry("a", "x.one")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(Inspector{database()}.ask("SELECT count(*) FROM audit_log"), "0");
}

TEST_F(AuditRowsTest, QueriesFilterPageAndTakeWildcardsButNoOtherPatterns) {
    open_sealed();
    append(entry("key:abc", "readings.read", "device:cnc-01"));
    clock.advance(std::chrono::minutes{1});
    append(entry("key:abd", "readings.read", "device:cnc-02"));
    auto refused = entry("user:a[b]?", "session.open");
    refused.result = AuditEntry::Result::refused;
    append(refused);
    EXPECT_THAT(sequences(), ElementsAre(3, 2, 1));
    EXPECT_THAT(sequences({.actor = "key:ab*"}), ElementsAre(2, 1));
    EXPECT_THAT(sequences({.actor = "key:abc"}), ElementsAre(1));
    EXPECT_THAT(sequences({.actor = "key:ab?"}), ElementsAre());
    EXPECT_THAT(sequences({.actor = "user:a[b]?*"}), ElementsAre(3));
    EXPECT_THAT(sequences({.action = "*.read", .object = "*-02"}), ElementsAre(2));
    EXPECT_THAT(sequences({.result = AuditEntry::Result::refused}), ElementsAre(3));
    EXPECT_THAT(sequences({.start = clock.now()}), ElementsAre(3, 2));
    EXPECT_THAT(sequences({.end = clock.now()}), ElementsAre(1));
    EXPECT_THAT(sequences({.limit = 2}), ElementsAre(3, 2));
    EXPECT_THAT(sequences({.before = 2, .limit = 2}), ElementsAre(1));
}

TEST_F(AuditRowsTest, ACutLeavesItsCheckpointAndSaysSo) {
    open_sealed();
    for (int i = 0; i < 5; ++i) append(entry("a", "x.read"));
    const AuditCheckpoint early{2, std::string(32, 'a'), clock.now(), std::string(64, 's')};
    const AuditCheckpoint late{4, std::string(32, 'b'), clock.now(), std::string(64, 't')};
    ASSERT_TRUE(store->add(early));
    ASSERT_TRUE(store->add(late));
    ASSERT_TRUE(store->cut_audit(late, entry("gateway", "audit.cut")));
    EXPECT_THAT(sequences(), ElementsAre(6, 5));
    EXPECT_EQ(rows()[0].entry.action, "audit.cut");
    EXPECT_THAT(*store->audit_checkpoints(), ElementsAre(late));
}

TEST_F(AuditRowsTest, WhatNobodyWritesThereIsNotSound) {
    open_sealed();
    for (int i = 0; i < 3; ++i) append(entry("a", "x.read"));
    Inspector inspector{database()};
    inspector.run("UPDATE audit_log SET result='fails' WHERE sequence=1");
    inspector.run("UPDATE audit_log SET object=x'' WHERE sequence=2");
    const auto found = rows();
    ASSERT_THAT(found, SizeIs(3));
    EXPECT_TRUE(found[0].sound);
    EXPECT_FALSE(found[1].sound);
    EXPECT_FALSE(found[2].sound);
}

}  // namespace
}  // namespace modax::landing
