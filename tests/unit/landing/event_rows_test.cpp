// Events of the business and the deliveries they queue, in the transaction of whoever appends them.
#include "landing/event_rows.hpp"

#include "landing/schema.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

namespace modax::landing {
namespace {

class TwoConnectors final : public EventRouter {
public:
    std::vector<std::string> connectors_for(const BusinessEvent& event) const override {
        if (event.type == "production.completed") return {"sap", "webhook"};
        return {};
    }
};

class EventRowsTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = Connection::open(
            {directory.path() / "modax.db", {}, ConnectionOptions::Mode::create, true}
        );
        ASSERT_TRUE(opened) << opened.error().detail;
        connection = std::move(*opened);
        ASSERT_TRUE(migrate(connection));
        ASSERT_TRUE(connection.execute("BEGIN IMMEDIATE"));
    }
    BusinessEvent event(std::string id, std::string type) const {
        return {0, std::move(id), std::move(type), "order:4711", "cnc-01", from_micros(5), "{}"};
    }
    std::int64_t ask(std::string_view sql) { return connection.integer(sql).value_or(-1); }

    test::TemporaryDirectory directory;
    Connection connection;
    const TwoConnectors router;
};

TEST_F(EventRowsTest, AnEventGetsItsSequenceAndADeliveryForEachConnector) {
    auto first = event("a", "production.completed");
    auto second = event("b", "production.started");
    ASSERT_TRUE(append_event(connection, first, &router));
    ASSERT_TRUE(append_event(connection, second, &router));
    EXPECT_EQ(first.sequence, 1U);
    EXPECT_EQ(second.sequence, 2U);
    EXPECT_EQ(ask("SELECT count(*) FROM outbox WHERE event_sequence=1 AND state='queued'"), 2);
    EXPECT_EQ(ask("SELECT count(*) FROM outbox"), 2);
    EXPECT_EQ(ask("SELECT count(*) FROM outbox WHERE object_key='order:4711'"), 2);
}

TEST_F(EventRowsTest, WhatIsRolledBackLeavesNoGapAndNoDelivery) {
    auto first = event("a", "production.completed");
    ASSERT_TRUE(append_event(connection, first, &router));
    ASSERT_TRUE(connection.execute("ROLLBACK; BEGIN IMMEDIATE"));
    auto second = event("b", "production.completed");
    ASSERT_TRUE(append_event(connection, second, nullptr));
    EXPECT_EQ(second.sequence, 1U);
    EXPECT_EQ(ask("SELECT count(*) FROM outbox"), 0) << "nobody wants events";
}

TEST_F(EventRowsTest, ASequenceIsNeverGivenAgain) {
    auto first = event("a", "x");
    ASSERT_TRUE(append_event(connection, first, nullptr));
    ASSERT_TRUE(connection.execute("DELETE FROM business_events"));
    auto second = event("b", "x");
    ASSERT_TRUE(append_event(connection, second, nullptr));
    EXPECT_EQ(second.sequence, 2U);
}

}  // namespace
}  // namespace modax::landing
