#include "landing/store.hpp"

#include "landing/schema.hpp"
#include "landing_fixture.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace modax::landing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class StoreTest : public LandingTest {
protected:
    Result<std::unique_ptr<Store>> try_open() {
        other_registry = std::make_unique<DeviceRegistry>();
        return Store::open(store_options, *other_registry, clock, log);
    }
    std::unique_ptr<DeviceRegistry> other_registry;
};

TEST_F(StoreTest, ASecondProcessIsRefusedAndToldWhoHasIt) {
    open();
    const auto second = try_open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::already_exists);
    EXPECT_THAT(second.error().detail, HasSubstr("process " + std::to_string(::getpid())));
    const pid_t child = ::fork();
    if (child == 0) {
        DeviceRegistry devices;
        const auto opened = Store::open(store_options, devices, clock, log);
        ::_exit(!opened && opened.error().code == Errc::already_exists ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    close();
    EXPECT_TRUE(try_open()) << "given back at the end";
}

TEST_F(StoreTest, NobodyElseCanReadTheFiles) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    using std::filesystem::perms;
    const auto mode = [](const std::filesystem::path& path) {
        return std::filesystem::status(path).permissions();
    };
    EXPECT_EQ(mode(database()), perms::owner_read | perms::owner_write);
    EXPECT_EQ(mode(database().string() + "-wal"), perms::owner_read | perms::owner_write);
    EXPECT_EQ(mode(store_options.data_dir), perms::owner_all);
}

TEST_F(StoreTest, DevicesKeepTheirNumbersNamesAndDates) {
    open();
    const auto registered = clock.now();
    const auto number = device("Press-01")->number();
    store_now(group_of(reading("Press-01", 1)));
    store_now(group_of(reading("cnc-01", 1)));
    clock.advance(std::chrono::hours{5});
    reopen();
    const Device* found = registry->find("press-01");
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->id(), "Press-01");
    EXPECT_EQ(found->number(), number);
    EXPECT_EQ(found->registered(), registered);
    EXPECT_NE(device("third")->number(), number);
    EXPECT_EQ(registry->size(), 3U);
}

// A database of every earlier version, also an empty file, comes out current and with its data.
TEST_F(StoreTest, EveryEarlierSchemaBecomesTheCurrentOneAndKeepsItsData) {
    for (std::int64_t version = 0; version < schema_version(); ++version) {
        store_options.data_dir = directory.path() / ("version" + std::to_string(version));
        std::filesystem::create_directories(store_options.data_dir);
        {
            auto made = Connection::open(
                {store_options.data_dir / "modax.db", {}, ConnectionOptions::Mode::create, true}
            );
            ASSERT_TRUE(made);
            ASSERT_TRUE(migrate(*made, version));
            if (version > 0) {
                ASSERT_TRUE(
                    made->execute("INSERT INTO devices VALUES(1, 'old-01', 1000);"
                                  "INSERT INTO device_hours VALUES(1, 0, 0);"
                                  "INSERT INTO readings(hour, device, time, sequence, received)"
                                  " VALUES(0, 1, 5, 1, 6)")
                );
            }
        }
        open();
        store_now(group_of(reading("cnc-01", 1)));
        EXPECT_EQ(
            Inspector{database()}.ask("PRAGMA user_version"), std::to_string(schema_version())
        );
        reopen();
        EXPECT_EQ(history("cnc-01").size(), 1U);
        EXPECT_EQ(
            Inspector{database()}.ask("SELECT count(*) FROM readings"), version > 0 ? "2" : "1"
        );
        close();
    }
}

TEST_F(StoreTest, ANewerSchemaIsRefusedAndLeftAlone) {
    open();
    close();
    Inspector{database()}.run("PRAGMA user_version=99");
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::invalid_argument);
    EXPECT_THAT(opened.error().detail, HasSubstr("version 99"));
    EXPECT_EQ(Inspector{database()}.ask("PRAGMA user_version"), "99");
}

TEST_F(StoreTest, AnotherApplicationsDatabaseIsRefused) {
    std::filesystem::create_directories(store_options.data_dir);
    Inspector{database()}.run("CREATE TABLE theirs(x); PRAGMA application_id=12345");
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().detail, HasSubstr("another application"));
}

TEST_F(StoreTest, DamageIsFoundAtStart) {
    open();
    for (std::int64_t sequence = 1; sequence <= 2000; ++sequence) {
        submit(group_of(reading("cnc-01", sequence)));
    }
    ASSERT_TRUE(witness.wait_for_acks(2000));
    close();
    {
        std::fstream file{database(), std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(0, std::ios::end);
        const auto size = static_cast<std::streamoff>(file.tellp());
        for (std::streamoff page = 8192; page + 4096 < size; page += 4096) {
            file.seekp(page);
            file << "damaged!";
        }
    }
    store_options.quick_check = QuickCheck::always;
    const auto opened = try_open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::data_loss);
    EXPECT_THAT(opened.error().detail, HasSubstr("damaged"));
}

TEST_F(StoreTest, TheContractsViewsAnswerInSql) {
    open();
    Reading one = reading_at("cnc-01", 1, from_micros(1'765'276'200'000'123));
    one.is_safe = true;
    one.metrics = {{"load", 5.0}};
    SafetyStatus status;
    status.device = device("cnc-01");
    status.time = from_micros(1'765'276'200'000'000);
    status.door_closed = true;
    status.temperature_ok = true;
    IngestGroup group = group_of(one);
    group.safety.push_back(status);
    store_now(std::move(group));
    Inspector sql{database()};
    EXPECT_EQ(
        sql.ask("SELECT time || ' ' || temperature || ' ' || is_safe || ' ' || metrics"
                " FROM sensor_data WHERE device_id = 'cnc-01' AND current IS NULL"),
        "2025-12-09T10:30:00.000123Z 21.0 1 {\"load\":5}"
    );
    EXPECT_EQ(sql.ask("SELECT count(*) FROM sensor_data"), "1");
    EXPECT_EQ(sql.ask("SELECT is_safe FROM safety_events WHERE device_id='cnc-01'"), "1");
}

TEST_F(StoreTest, TheBrokersStateComesBackAsItWas) {
    open();
    const BrokerMessage message{"a/b", std::string{"\x00p", 2}, 1, "props", clock.now()};
    IngestGroup group;
    group.broker_changes = {
        SessionSaved{"keeps", 5, 3600, std::nullopt, "user"},
        SessionSaved{"keeps", 5, 7200, clock.now(), "user"},
        SessionSaved{"goes", 4, 0xFFFFFFFF, std::nullopt, "user"},
        SubscriptionSaved{"keeps", "a/#", 2, 9},
        SubscriptionSaved{"keeps", "b/#", 1, 0},
        SubscriptionRemoved{"keeps", "b/#"},
        SubscriptionSaved{"goes", "a/#", 1, 0},
        RetainedSaved{message},
        RetainedSaved{BrokerMessage{"gone", "x", 0, "", std::nullopt}},
        RetainedRemoved{"gone"},
        MessageQueued{"keeps", 11, message, true, {1, 70000}},
        MessageQueued{"keeps", 10, message, false, {}},
        MessageQueued{"goes", 1, message, false, {}},
        InboundHeld{"keeps", 77},
        InboundHeld{"keeps", 78},
        InboundReleased{"keeps", 78},
        InboundHeld{"goes", 1},
        SessionRemoved{"goes"}};
    store_now(std::move(group));
    reopen();
    const auto state = store->broker_state();
    ASSERT_TRUE(state);
    ASSERT_EQ(state->sessions.size(), 1U);
    EXPECT_EQ(state->sessions[0].client_id, "keeps");
    EXPECT_EQ(state->sessions[0].expiry_interval, 7200U);
    EXPECT_EQ(state->sessions[0].expires, clock.now());
    EXPECT_EQ(state->sessions[0].principal, "user");
    ASSERT_EQ(state->subscriptions.size(), 1U);
    EXPECT_EQ(state->subscriptions[0].filter, "a/#");
    EXPECT_EQ(state->subscriptions[0].options, 2);
    EXPECT_EQ(state->subscriptions[0].identifier, 9U);
    ASSERT_EQ(state->retained.size(), 1U);
    EXPECT_EQ(state->retained[0].message.payload, message.payload);
    EXPECT_EQ(state->retained[0].message.properties, "props");
    EXPECT_EQ(state->retained[0].message.expires, clock.now());
    ASSERT_EQ(state->messages.size(), 2U);
    EXPECT_EQ(state->messages[0].number, 10U);
    EXPECT_FALSE(state->messages[0].retain);
    EXPECT_EQ(state->messages[1].number, 11U);
    EXPECT_TRUE(state->messages[1].retain);
    EXPECT_THAT(state->messages[1].subscription_identifiers, ElementsAre(1, 70000));
    ASSERT_EQ(state->inbound.size(), 1U);
    EXPECT_EQ(state->inbound[0].packet_id, 77);
}

TEST_F(StoreTest, AMessageQueuedAndDoneInOneTransactionIsNeverWritten) {
    open();
    Inspector sql{database()};
    // Counts what is written: a cancelled pair writes nothing, not even for a moment.
    sql.run(
        "CREATE TABLE written(n); CREATE TRIGGER count_them AFTER INSERT ON broker_messages"
        " BEGIN INSERT INTO written VALUES(new.number); END"
    );
    const BrokerMessage message{"t", "p", 1, "", std::nullopt};
    IngestGroup group;
    group.broker_changes = {
        MessageQueued{"c", 1, message, false, {}},
        MessageQueued{"d", 1, message, false, {}},
        MessageQueued{"c", 2, message, false, {}},
        MessageDone{"c", 1}};
    store_now(std::move(group));
    EXPECT_EQ(sql.ask("SELECT group_concat(n) FROM written"), "1,2");
    IngestGroup later;
    later.broker_changes = {MessageDone{"d", 1}, MessageDone{"c", 2}};
    store_now(std::move(later));
    EXPECT_EQ(store->broker_state()->messages.size(), 0U);
}

}  // namespace
}  // namespace modax::landing
