// What keeps the writer going: turns between writers, checkpoints beside it, the reserve (PROMISES
// 2.2).
#include "landing/checkpointer.hpp"
#include "landing/reserve_file.hpp"
#include "landing/write_turn.hpp"
#include "unit/landing/landing_fixture.hpp"

#include <fstream>
#include <mutex>
#include <thread>

namespace modax::landing {
namespace {

TEST(WriteTurnTest, IsGivenInTheOrderOfAsking) {
    WriteTurn turn;
    std::vector<int> order;
    std::vector<std::thread> threads;
    turn.lock();
    for (int number = 0; number < 5; ++number) {
        std::atomic<bool> started{false};
        threads.emplace_back([&, number] {
            started = true;
            const std::lock_guard mine{turn};
            order.push_back(number);
        });
        // The next one asks only once this one waits.
        ASSERT_TRUE(eventually([&] { return started.load(); }));
        ASSERT_TRUE(eventually([&] {
            return turn.waiting() == static_cast<std::uint64_t>(number) + 1;
        }));
    }
    turn.unlock();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

class CheckpointerTest : public ::testing::Test {
protected:
    void SetUp() override {
        Inspector make{file_};
        make.ask("PRAGMA journal_mode=WAL");
        make.ask("CREATE TABLE t(a)");
    }
    ConnectionOptions options() const { return {file_, {}, ConnectionOptions::Mode::write, true}; }
    void grow_log(Connection& connection) {
        Statement insert;
        ASSERT_TRUE(connection.prepare(insert, "INSERT INTO t VALUES(zeroblob(400000))"));
        ASSERT_EQ(insert.run(), Step::done);
    }

    test::TemporaryDirectory directory_;
    std::filesystem::path file_ = directory_.path() / "modax.db";
    test::RecordingLog log_;
};

TEST_F(CheckpointerTest, CopiesTheLogSoThatItStartsAnew) {
    auto connection = Connection::open(options());
    ASSERT_TRUE(connection);
    Checkpointer checkpointer{options(), log_};
    grow_log(*connection);
    const int grown = connection->wal_frames();
    ASSERT_GT(grown, 90);
    ASSERT_TRUE(checkpointer.run_now());
    grow_log(*connection);
    EXPECT_LE(connection->wal_frames(), grown + 5);
    EXPECT_EQ(checkpointer.passes(), 1U);
}

TEST_F(CheckpointerTest, RunsByItselfWhenEnoughFramesCameAndWaitsAtTheLimit) {
    Checkpointer checkpointer{options(), log_};
    checkpointer.committed(Checkpointer::k_due_frames - 1);
    checkpointer.committed(Checkpointer::k_due_frames);
    ASSERT_TRUE(eventually([&] { return checkpointer.passes() == 1; }));
    checkpointer.committed(Checkpointer::k_limit_frames);
    EXPECT_EQ(checkpointer.passes(), 2U);
}

TEST_F(CheckpointerTest, TellsOfAFailureOnceAndTriesAgain) {
    auto broken = options();
    broken.file = directory_.path() / "missing" / "modax.db";
    Checkpointer checkpointer{broken, log_};
    EXPECT_FALSE(checkpointer.run_now());
    EXPECT_FALSE(checkpointer.run_now());
    EXPECT_EQ(log_.lines(LogLevel::warn).size(), 1U);
    std::filesystem::create_directory(broken.file.parent_path());
    std::filesystem::copy_file(file_, broken.file);
    EXPECT_TRUE(checkpointer.run_now());
}

TEST(ReserveFileTest, IsKeptWhileThereIsRoomAndGivenUpOnce) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "modax.reserve";
    FakeDisk disk;
    disk.available = 1000;
    ReserveFile reserve{disk, path, 4096};
    EXPECT_FALSE(std::filesystem::exists(path)) << "a reserve must not fill a small disk";
    EXPECT_FALSE(reserve.release());
    disk.available = 4 * 4096;
    reserve.keep();
    EXPECT_EQ(std::filesystem::file_size(path), 4096U);
    EXPECT_EQ(reserve.bytes(), 4096U);
    EXPECT_TRUE(reserve.release());
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_FALSE(reserve.release());
}

TEST(ReserveFileTest, TakesOverTheOneOfTheLastRunAndReplacesAnotherSize) {
    const test::TemporaryDirectory directory;
    const auto path = directory.path() / "modax.reserve";
    std::ofstream{path} << std::string(100, '\0');
    FakeDisk disk;
    disk.available = 0;
    EXPECT_EQ((ReserveFile{disk, path, 100}.bytes()), 100U);
    EXPECT_EQ((ReserveFile{disk, path, 200}.bytes()), 0U);
    EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace modax::landing
