#include "store/forwarder.hpp"

#include "support/recording_log.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <set>

namespace modax::store {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

Device& device() {
    static Device one{1, "cnc-01", {}};
    return one;
}

// Readings 1, 2, 3, … of one device wait from the start.
class FakeSpool final : public PlantSpool {
public:
    explicit FakeSpool(std::uint64_t count) : count_{count} {}

    PlantPosition position() const override { return {}; }
    Result<PlantRows> next(const PlantPosition& from, std::size_t limit) override {
        PlantRows rows;
        rows.end = from;
        while (rows.end.events < count_ && rows.batch.readings.size() < limit) {
            Reading reading;
            reading.device = &device();
            reading.sequence = static_cast<std::int64_t>(++rows.end.events);
            rows.batch.readings.push_back(reading);
        }
        return rows;
    }
    Status forwarded(const PlantPosition& through, std::span<const RejectedMessage> refused)
        override {
        const std::lock_guard lock{mutex};
        noted = through.events;
        for (const auto& message : refused) quarantine.push_back(message);
        return {};
    }
    std::uint64_t last_event() const override { return count_; }

    std::mutex mutex;
    std::uint64_t noted = 0;
    std::vector<RejectedMessage> quarantine;

private:
    const std::uint64_t count_;
};

// Refuses whole batches that hold a poisoned sequence; answers what it is told first.
class FakeStore final : public PlantStore {
public:
    tl::expected<PlantWritten, PlantFailure> write(const PlantBatch& batch, const std::stop_token&)
        override {
        const std::lock_guard lock{mutex};
        if (!failures.empty()) {
            auto failure = failures.front();
            if (failures.size() > 1 || !last_failure_stays) failures.pop_front();
            return tl::make_unexpected(failure);
        }
        for (const Reading& reading : batch.readings) {
            if (poison.contains(reading.sequence)) {
                return tl::make_unexpected(PlantFailure{
                    PlantFailure::Kind::rejected, "value [SQLSTATE 22P05]"});
            }
        }
        for (const Reading& reading : batch.readings) stored.push_back(reading.sequence);
        return PlantWritten{batch.rows(), 0};
    }

    std::mutex mutex;
    std::deque<PlantFailure> failures;
    bool last_failure_stays = false;
    std::set<std::int64_t> poison;
    std::vector<std::int64_t> stored;
};

class Figures final : public MetricSink {
public:
    void counter(std::string_view name, std::string_view, double value, MetricLabels) override {
        values[std::string{name}] = value;
    }
    void gauge(std::string_view name, std::string_view, double value, MetricLabels) override {
        values[std::string{name}] = value;
    }
    std::map<std::string, double> values;
};

class ForwarderTest : public testing::Test {
protected:
    std::unique_ptr<Forwarder> start() {
        ForwarderOptions options;
        options.interval = milliseconds{1};
        options.first_retry_delay = milliseconds{1};
        options.last_retry_delay = milliseconds{4};
        return std::make_unique<Forwarder>(
            spool, store, [] { return std::uint64_t{1} << 40U; }, options, clock, random, log
        );
    }
    static bool eventually(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(milliseconds{1});
        }
        return true;
    }
    std::vector<std::int64_t> expected(const std::set<std::int64_t>& without) const {
        std::vector<std::int64_t> all;
        for (std::int64_t i = 1; i <= k_count; ++i) {
            if (!without.contains(i)) all.push_back(i);
        }
        return all;
    }

    static constexpr std::int64_t k_count = 25'000;
    FakeSpool spool{k_count};
    FakeStore store;
    SystemClock clock;
    SystemRandom random;
    test::RecordingLog log;
};

TEST_F(ForwarderTest, EverythingGoesInOrderAndIsNoted) {
    const auto forwarder = start();
    ASSERT_TRUE(eventually([&] { return forwarder->caught_up(); }));
    EXPECT_EQ(store.stored, expected({}));
    EXPECT_EQ(spool.noted, static_cast<std::uint64_t>(k_count));
    Figures figures;
    forwarder->collect(figures);
    EXPECT_EQ(figures.values["modax_forward_pending_rows"], 0);
    EXPECT_EQ(figures.values["modax_forward_rows_total"], k_count);
    EXPECT_EQ(figures.values["modax_forward_connected"], 1);
}

TEST_F(ForwarderTest, PoisonedRowsGoToTheQuarantineAndTheOthersKeepTheirOrder) {
    store.poison = {1, 777, 778, 20'000, k_count};
    const auto forwarder = start();
    ASSERT_TRUE(eventually([&] { return forwarder->caught_up(); }));
    EXPECT_EQ(store.stored, expected(store.poison));
    ASSERT_EQ(spool.quarantine.size(), store.poison.size());
    EXPECT_EQ(spool.quarantine[1].reason, "refused_by_plant_store");
    EXPECT_THAT(spool.quarantine[1].detail, HasSubstr("22P05"));
    EXPECT_THAT(spool.quarantine[1].payload, HasSubstr("777"));
}

TEST_F(ForwarderTest, AnUnreachableDatabaseIsToldAndTriedAgain) {
    using Kind = PlantFailure::Kind;
    store.failures = {{Kind::unavailable, "no route"}, {Kind::unavailable, "no route"}};
    store.last_failure_stays = true;
    const auto forwarder = start();
    ASSERT_TRUE(eventually([&] { return !forwarder->health().detail.empty(); }));
    EXPECT_TRUE(forwarder->health().ready) << "intake goes on";
    EXPECT_THAT(forwarder->health().detail, HasSubstr("no route"));
    Figures figures;
    forwarder->collect(figures);
    EXPECT_EQ(figures.values["modax_forward_pending_rows"], k_count);
    {
        const std::lock_guard lock{store.mutex};
        store.failures.clear();
    }
    ASSERT_TRUE(eventually([&] { return forwarder->caught_up(); }));
    EXPECT_EQ(forwarder->health().detail, "");
    EXPECT_EQ(store.stored, expected({}));
}

TEST_F(ForwarderTest, AWrongConfigurationRefusesNoRow) {
    store.failures = {{PlantFailure::Kind::misconfigured, "no such table"}};
    const auto forwarder = start();
    ASSERT_TRUE(eventually([&] { return forwarder->caught_up(); }));
    EXPECT_EQ(store.stored, expected({}));
    EXPECT_TRUE(spool.quarantine.empty());
}

TEST_F(ForwarderTest, StopsWhileTheDatabaseIsAway) {
    store.failures = {{PlantFailure::Kind::unavailable, "gone"}};
    store.last_failure_stays = true;
    const auto forwarder = start();
    ASSERT_TRUE(eventually([&] { return !forwarder->health().detail.empty(); }));
    forwarder->stop();
    EXPECT_TRUE(store.stored.empty());
    EXPECT_EQ(spool.noted, 0U);
}

}  // namespace
}  // namespace modax::store
