// The audit log (PROMISES P9, 2.4): what is written for accesses and refusals, and that every
// change of what was written is found.
#include "security/audit_checkpoints.hpp"
#include "security/audit_retention.hpp"
#include "security/audit_seal.hpp"
#include "security/audit_trail.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/recording_trail.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

namespace modax::security {
namespace {

using ::testing::HasSubstr;

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
}

AuditEntry entry_of(std::string actor, std::string object) {
    AuditEntry entry;
    entry.actor = std::move(actor);
    entry.object = std::move(object);
    entry.action = "readings.read";
    return entry;
}

class TrailTest : public ::testing::Test {
protected:
    bool wait_for_rows(std::size_t count) {
        return eventually([&] { return store_.snapshot().size() >= count; });
    }
    test::MemoryAuditStore store_;
    test::ManualClock clock_;
    test::RecordingLog log_;
};

TEST_F(TrailTest, EqualAccessesOfAMinuteAreTwoRows) {
    Trail trail{store_, clock_, log_};
    for (int i = 0; i < 100; ++i) trail.access(entry_of("key:a", "device:cnc-01"));
    trail.access(entry_of("key:b", "device:cnc-01"));
    trail.access(entry_of("key:a", "device:cnc-02"));
    ASSERT_TRUE(wait_for_rows(3));
    clock_.advance(std::chrono::minutes{1});
    ASSERT_TRUE(wait_for_rows(4));
    const auto rows = store_.snapshot();
    EXPECT_EQ(rows[0].entry.count, 1U);
    EXPECT_EQ(rows[3].entry.count, 99U);
    EXPECT_EQ(rows[3].entry.actor, "key:a");
    trail.access(entry_of("key:a", "device:cnc-01"));
    ASSERT_TRUE(wait_for_rows(5)) << "a new minute, a new row";
}

TEST_F(TrailTest, CountsThatCallersGatheredAreAddedUp) {
    Trail trail{store_, clock_, log_};
    trail.access(entry_of("key:a", "device:cnc-01"));
    auto many = entry_of("key:a", "device:cnc-01");
    many.count = 1000;
    trail.access(many);
    ASSERT_TRUE(wait_for_rows(1));
    clock_.advance(std::chrono::minutes{1});
    ASSERT_TRUE(wait_for_rows(2));
    EXPECT_EQ(store_.snapshot()[1].entry.count, 1000U);
}

TEST_F(TrailTest, RefusalsAreRowsEachUntilThereAreMany) {
    Trail trail{store_, clock_, log_};
    for (int i = 0; i < 500; ++i) trail.refusal(entry_of("unknown", "path:/x"));
    ASSERT_TRUE(wait_for_rows(20));
    clock_.advance(std::chrono::minutes{1});
    ASSERT_TRUE(wait_for_rows(21));
    const auto rows = store_.snapshot();
    EXPECT_EQ(rows.size(), 21U);
    EXPECT_EQ(rows[20].entry.count, 480U);
}

TEST_F(TrailTest, NothingIsLostWhileTheStoreFailsAndAtTheEnd) {
    {
        Trail trail{store_, clock_, log_};
        store_.fail_appends(true);
        trail.access(entry_of("key:a", "device:cnc-01"));
        ASSERT_TRUE(eventually([&] { return !log_.lines(LogLevel::error).empty(); }));
        store_.fail_appends(false);
        ASSERT_TRUE(wait_for_rows(1));
        for (int i = 0; i < 5; ++i) trail.access(entry_of("key:a", "device:cnc-01"));
        trail.access(entry_of("key:b", "device:cnc-01"));
    }
    std::uint64_t events = 0;
    for (const auto& row : store_.snapshot()) events += row.entry.count;
    EXPECT_EQ(events, 7U);
}

class VerifyTest : public ::testing::Test {
protected:
    void SetUp() override {
        auto seal = ChainSeal::load(files_, random_, directory_.path(), true);
        ASSERT_TRUE(seal) << seal.error().detail;
        seal_.emplace(std::move(*seal));
        auto signer = CheckpointSigner::load(files_, directory_.path(), true);
        ASSERT_TRUE(signer) << signer.error().detail;
        signer_.emplace(std::move(*signer));
    }
    void add_rows(int count) {
        for (int i = 0; i < count; ++i) {
            const AuditEntry entry = entry_of("key:a", "row " + std::to_string(i));
            ASSERT_TRUE(store_.append({&entry, 1}));
            AuditRow& row = store_.rows().back();
            const auto size = store_.rows().size();
            seal_->seal(size > 1 ? store_.rows()[size - 2].hash : k_audit_origin, row);
        }
    }
    void checkpoint() {
        Checkpoints checkpoints{store_, *signer_, file_, clock_, log_};
        ASSERT_TRUE(checkpoints.make_now());
    }
    std::string problem() {
        const auto verdict = verify_audit(store_, *seal_, *signer_, file_);
        return verdict ? verdict->problem : verdict.error().detail;
    }

    test::TemporaryDirectory directory_;
    std::filesystem::path file_ = directory_.path() / "checkpoints";
    PosixFileSystem files_;
    SystemRandom random_;
    test::ManualClock clock_;
    test::RecordingLog log_;
    test::MemoryAuditStore store_;
    std::optional<ChainSeal> seal_;
    std::optional<CheckpointSigner> signer_;
};

TEST_F(VerifyTest, AWholeLogIsWhole) {
    EXPECT_EQ(problem(), "");
    add_rows(50);
    checkpoint();
    add_rows(5);
    EXPECT_EQ(problem(), "");
    const auto verdict = verify_audit(store_, *seal_, *signer_, file_);
    EXPECT_EQ(verdict->rows, 55U);
    EXPECT_EQ(verdict->checkpoints, 1U);
}

TEST_F(VerifyTest, EveryChangedFieldIsFound) {
    using Change = std::function<void(AuditRow&)>;
    const std::vector<Change> changes{
        [](AuditRow& row) { row.entry.actor += "x"; },
        [](AuditRow& row) { row.entry.source = "10.0.0.1"; },
        [](AuditRow& row) { row.entry.via = "cli"; },
        [](AuditRow& row) { row.entry.action = "other"; },
        [](AuditRow& row) { row.entry.object = "other"; },
        [](AuditRow& row) { row.entry.result = AuditEntry::Result::refused; },
        [](AuditRow& row) { row.entry.detail = "other"; },
        [](AuditRow& row) { row.entry.count = 2; },
        [](AuditRow& row) { row.entry.request_id = "1"; },
        [](AuditRow& row) { row.entry.time += std::chrono::microseconds{1}; },
        [](AuditRow& row) { ++row.monotonic_micros; },
        [](AuditRow& row) { row.boot_id += "x"; },
        [](AuditRow& row) { row.hash[7] = static_cast<char>(row.hash[7] ^ 1); },
        [](AuditRow& row) { row.sound = false; },
        // Moved from one field to the next, so that their texts together are the same.
        [](AuditRow& row) {
            row.entry.action = "readings.readrow";
            row.entry.object = " 3";
        }};
    add_rows(10);
    const auto before = store_.rows();
    for (std::size_t i = 0; i < changes.size(); ++i) {
        store_.rows() = before;
        changes[i](store_.rows()[3]);
        EXPECT_EQ(problem(), "row 4 was changed") << i;
    }
}

TEST_F(VerifyTest, RetentionCutsAtACheckpointArchivesAndSaysSo) {
    add_rows(10);
    checkpoint();
    add_rows(10);
    clock_.advance(std::chrono::days{10});
    checkpoint();
    add_rows(5);
    clock_.advance(std::chrono::days{25});
    // The newest checkpoint that is old enough is that of row 10.
    const AuditRetentionOptions options{std::chrono::days{30}, directory_.path()};
    AuditRetention retention{store_, options, clock_, log_};
    ASSERT_TRUE(retention.look());
    ASSERT_EQ(store_.rows().front().sequence, 11U);
    AuditRow& said = store_.rows().back();
    EXPECT_EQ(said.entry.action, "audit.cut");
    EXPECT_EQ(said.entry.object, "rows:through-10");
    seal_->seal(store_.rows()[store_.rows().size() - 2].hash, said);
    EXPECT_EQ(problem(), "");
    std::ifstream archive{
        directory_.path() / ("audit-" + format_iso8601(clock_.now()).substr(0, 10) + ".ndjson")};
    std::size_t lines = 0;
    for (std::string line; std::getline(archive, line); ++lines) {
        EXPECT_THAT(line, HasSubstr("\"object\":\"row " + std::to_string(lines) + "\""));
    }
    EXPECT_EQ(lines, 10U);

    ASSERT_TRUE(retention.look());
    EXPECT_EQ(store_.rows().front().sequence, 11U) << "once a day";
    // Somebody else cuts at the next checkpoint, and leaves no row of it.
    std::erase_if(store_.rows(), [](const AuditRow& row) { return row.sequence <= 20; });
    EXPECT_THAT(problem(), HasSubstr("no row says so"));
}

TEST_F(VerifyTest, WithoutAnArchiveNothingIsCut) {
    add_rows(10);
    checkpoint();
    clock_.advance(std::chrono::days{60});
    const AuditRetentionOptions nowhere{std::chrono::days{30}, directory_.path() / "missing"};
    EXPECT_FALSE((AuditRetention{store_, nowhere, clock_, log_}.look()));
    ASSERT_TRUE((AuditRetention{store_, {}, clock_, log_}.look())) << "kept for ever";
    EXPECT_EQ(store_.rows().size(), 10U);
}

TEST_F(VerifyTest, ADeletedRowAndAnotherOrderAreFound) {
    add_rows(10);
    const auto before = store_.rows();
    store_.rows().erase(store_.rows().begin() + 5);
    EXPECT_EQ(problem(), "row 6 is missing");
    store_.rows() = before;
    std::swap(store_.rows()[2].entry, store_.rows()[3].entry);
    EXPECT_EQ(problem(), "row 3 was changed");
    store_.rows() = before;
    store_.rows().erase(store_.rows().begin(), store_.rows().begin() + 2);
    EXPECT_THAT(problem(), HasSubstr("before row 3 are missing"));
}

TEST_F(VerifyTest, ACutTailIsFoundEvenWithoutTheCheckpointsOfTheStore) {
    add_rows(10);
    checkpoint();
    store_.rows().resize(7);
    store_.checkpoints().clear();
    EXPECT_THAT(problem(), HasSubstr("row 8 and all after it were cut"));
}

TEST_F(VerifyTest, ALogMadeAnewIsFound) {
    add_rows(10);
    checkpoint();
    store_.rows().clear();
    store_.checkpoints().clear();
    ASSERT_TRUE(files_.remove(directory_.path() / "audit.key"));
    seal_.emplace(*ChainSeal::load(files_, random_, directory_.path(), true));
    add_rows(10);
    EXPECT_EQ(problem(), "row 10 is not the one of its checkpoint");
}

TEST_F(VerifyTest, AForgedCheckpointIsFound) {
    add_rows(10);
    checkpoint();
    store_.checkpoints()[0].sequence = 9;
    EXPECT_THAT(problem(), HasSubstr("not signed by this gateway"));
    store_.checkpoints().clear();
    std::ofstream{file_, std::ios::app} << "nonsense\n";
    EXPECT_THAT(problem(), HasSubstr("can't be read"));
}

TEST_F(VerifyTest, CheckpointsComeEveryThousandRowsOrFiveMinutes) {
    Checkpoints checkpoints{store_, *signer_, file_, clock_, log_};
    ASSERT_TRUE(checkpoints.look());
    EXPECT_TRUE(store_.checkpoints().empty()) << "there is nothing to sign";
    add_rows(999);
    ASSERT_TRUE(checkpoints.look());
    EXPECT_TRUE(store_.checkpoints().empty());
    add_rows(1);
    ASSERT_TRUE(checkpoints.look());
    ASSERT_EQ(store_.checkpoints().size(), 1U);
    add_rows(1);
    clock_.advance(std::chrono::minutes{5});
    ASSERT_TRUE(checkpoints.look());
    EXPECT_EQ(store_.checkpoints().size(), 2U);
    clock_.advance(std::chrono::minutes{5});
    ASSERT_TRUE(checkpoints.look());
    EXPECT_EQ(store_.checkpoints().size(), 2U) << "nothing new";
    EXPECT_EQ(problem(), "");
}

TEST_F(VerifyTest, KeysAreMadeOnceAndPrivate) {
    for (const auto* name : {"audit.key", "audit-signing.key"}) {
        const auto mode = std::filesystem::status(directory_.path() / name).permissions();
        EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    const auto again = ChainSeal::load(files_, random_, directory_.path(), false);
    ASSERT_TRUE(again);
    AuditRow row;
    row.sequence = 1;
    EXPECT_EQ(again->expected("x", row), seal_->expected("x", row));
    ASSERT_TRUE(files_.write_atomic(directory_.path() / "audit.key", "short", 0600));
    EXPECT_EQ(
        ChainSeal::load(files_, random_, directory_.path(), true).error().code, Errc::data_loss
    );
}

}  // namespace
}  // namespace modax::security
