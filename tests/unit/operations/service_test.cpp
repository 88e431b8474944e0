// The rules over a real store.
#include "operations/service.hpp"

#include "landing/store.hpp"
#include "support/fake_audit_seal.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_log.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>

#include <set>
#include <utility>

namespace modax::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Counts deliveries: every event is wanted by one connector.
class OneConnector final : public EventRouter {
public:
    std::vector<std::string> connectors_for(const BusinessEvent&) const override { return {"sap"}; }
};

class Witness final : public BusinessEventSink {
public:
    void happened(const BusinessEvent& event) noexcept override { events.push_back(event); }
    std::vector<BusinessEvent> events;
};

class ServiceTest : public testing::Test {
protected:
    void SetUp() override {
        landing::StoreOptions options;
        options.data_dir = directory.path() / "data";
        auto opened = landing::Store::open(options, devices, clock, log);
        ASSERT_TRUE(opened) << opened.error().detail;
        store = std::move(*opened);
        store->seal_audit_with(seal);
        store->tell_events_to(&router, {&witness});
        service = std::make_unique<Service>(*store, clock, random, [](std::string_view text) {
            return std::to_string(std::hash<std::string_view>{}(text));
        });
    }
    BusinessOrigin origin(std::string key = {}, std::string body = {}) const {
        BusinessOrigin made;
        made.origin.actor = "key:test";
        made.may = [](std::string_view) { return true; };
        made.key = {"test /complete", std::move(key), std::move(body)};
        return made;
    }
    static BusinessOrigin only(std::string device) {
        BusinessOrigin made;
        made.may = [device = std::move(device)](std::string_view asked) { return asked == device; };
        return made;
    }
    ProductionReport report(std::string order, double yield, bool final = true) const {
        ProductionReport made;
        made.order_id = std::move(order);
        made.device_id = "cnc-01";
        made.yield = yield;
        made.scrap = 2;
        made.final = final;
        return made;
    }
    EquipmentStatus status(std::string what, std::optional<Timestamp> end = {}) const {
        EquipmentStatus made;
        made.device_id = "cnc-01";
        made.status = std::move(what);
        made.end = end;
        return made;
    }
    Timestamp at(int minutes) const { return start + std::chrono::minutes{minutes}; }
    std::string order(std::string_view id) const {
        const auto json = service->order_json(id, origin());
        return json ? *json : json.error().detail;
    }
    template <typename Answer>
    static Errc code_of(const Answer& answer) {
        return answer ? Errc::data_loss : answer.error().code;
    }

    test::TemporaryDirectory directory;
    test::ManualClock clock;
    test::RecordingLog log;
    DeviceRegistry devices;
    FakeAuditSeal seal;
    SystemRandom random;
    OneConnector router;
    Witness witness;
    const Timestamp start = clock.now() - std::chrono::hours{5};
    std::unique_ptr<landing::Store> store;
    std::unique_ptr<Service> service;
};

TEST_F(ServiceTest, AnOrderGoesThroughItsStates) {
    ProductionOrder made;
    made.id = "1000815";
    made.material = "FG-100";
    made.quantity = 100;
    ASSERT_TRUE(service->create(made, origin()));
    EXPECT_EQ(code_of(service->create(made, origin())), Errc::already_exists);
    EXPECT_EQ(
        code_of(service->move("1000815", "interrupt", "", {}, origin())), Errc::already_exists
    );
    ASSERT_TRUE(service->move("1000815", "start", "cnc-01", {}, origin()));
    ASSERT_TRUE(service->move("1000815", "interrupt", "", {}, origin()));
    ASSERT_TRUE(service->move("1000815", "start", "", {}, origin()));
    ASSERT_TRUE(service->report(report("1000815", 40, false), {}, origin()));
    ASSERT_TRUE(service->report(report("1000815", 58), {}, origin()));
    EXPECT_THAT(order("1000815"), HasSubstr(R"("status":"completed")"));
    EXPECT_THAT(order("1000815"), HasSubstr(R"("quantity_produced":98,"quantity_rejected":4)"));
    EXPECT_EQ(code_of(service->report(report("1000815", 1), {}, origin())), Errc::already_exists);
    EXPECT_EQ(code_of(service->move("1000815", "start", "", {}, origin())), Errc::already_exists);
    EXPECT_EQ(code_of(service->move("4711", "start", "", {}, origin())), Errc::not_found);
    EXPECT_THAT(order("1000815"), HasSubstr(R"("quantity_produced":98)")) << "refused: no change";
}

TEST_F(ServiceTest, EveryChangeHasItsEventItsDeliveryAndItsAuditRow) {
    ASSERT_TRUE(service->report(report("4711", 1), {}, origin()));
    ASSERT_FALSE(service->report(report("4711", 1), {}, origin()));
    ASSERT_EQ(witness.events.size(), 1U);
    const BusinessEvent& event = witness.events[0];
    EXPECT_EQ(event.sequence, 1U);
    EXPECT_EQ(event.type, "production.completed");
    EXPECT_EQ(event.object_key, "order:4711");
    EXPECT_THAT(event.body, HasSubstr(R"("AUFNR":"4711","GMNGA":1,"AUSSS":2)"));
    EXPECT_THAT(event.body, HasSubstr(event.id));
    const auto rows = *store->audit_rows({});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].entry.action, "production.completed");
    EXPECT_EQ(rows[0].entry.object, "order:4711");
    EXPECT_EQ(rows[0].entry.before_hash, "") << "there was none";
    EXPECT_NE(rows[0].entry.after_hash, "");
}

TEST_F(ServiceTest, TheSameKeyAndBodyGetTheFirstAnswerAndChangeNothing) {
    const auto first = service->report(report("1", 5, false), {}, origin("k1", "body"));
    ASSERT_TRUE(first);
    clock.advance(std::chrono::minutes{1});
    const auto again = service->report(report("1", 5, false), {}, origin("k1", "body"));
    ASSERT_TRUE(again);
    EXPECT_EQ(*first, *again);
    EXPECT_EQ(witness.events.size(), 1U);
    EXPECT_EQ(
        code_of(service->report(report("1", 6, false), {}, origin("k1", "other"))),
        Errc::invalid_argument
    );
    ASSERT_TRUE(service->report(report("1", 5, false), {}, origin("k2", "body")));
    EXPECT_THAT(order("1"), HasSubstr(R"("quantity_produced":10)"));
}

TEST_F(ServiceTest, ARefusedRequestDoesNotTakeItsKey) {
    ASSERT_TRUE(service->report(report("1", 5), {}, origin()));
    EXPECT_EQ(code_of(service->report(report("1", 5), {}, origin("k", "b"))), Errc::already_exists);
    EXPECT_TRUE(service->report(report("2", 5), {}, origin("k", "b")));
}

TEST_F(ServiceTest, AKeyIsKeptAWeekAtLeast) {
    ASSERT_TRUE(service->report(report("1", 5, false), {}, origin("k", "b")));
    clock.advance(std::chrono::days{7});
    ASSERT_TRUE(service->report(report("1", 5, false), {}, origin("other", "b")));
    ASSERT_TRUE(service->report(report("1", 5, false), {}, origin("k", "b")));
    EXPECT_THAT(order("1"), HasSubstr(R"("quantity_produced":10)"));
}

TEST_F(ServiceTest, DowntimesDoNotOverlapAndAStateEndsTheOneBefore) {
    ASSERT_TRUE(service->set_status(status("down", at(90)), at(0), origin()));
    EXPECT_EQ(
        code_of(service->set_status(status("maintenance", at(100)), at(89), origin())),
        Errc::already_exists
    );
    ASSERT_TRUE(service->set_status(status("down", at(100)), at(90), origin())) << "only touches";
    ASSERT_TRUE(service->set_status(status("down"), at(120), origin()));
    EXPECT_EQ(
        code_of(service->set_status(status("down", at(140)), at(130), origin())),
        Errc::already_exists
    ) << "the open one goes on";
    ASSERT_TRUE(service->set_status(status("running"), at(150), origin()));
    ASSERT_TRUE(service->set_status(status("down", at(170)), at(160), origin()));
    const auto json = *service->statuses_json({"CNC-01", 0, 100}, origin());
    EXPECT_THAT(json, HasSubstr("\"downtime_end\":\"" + format_iso8601(at(150)) + "\""));
    EXPECT_EQ(
        code_of(service->set_status(status("broken"), at(0), origin())), Errc::invalid_argument
    );
    EXPECT_EQ(
        code_of(service->set_status(status("down", at(0)), at(0), origin())), Errc::invalid_argument
    );
}

TEST_F(ServiceTest, ResultsAreJudgedAndComparedWithWhatWasSent) {
    InspectionReport made;
    made.lot_id = "890";
    made.device_id = "cnc-01";
    made.stated = "passed";
    InspectionResult bad;
    bad.name = "dimension_x";
    bad.measured = 10.2;
    bad.target = 10;
    bad.tolerance = 0.05;
    made.results = {bad};
    ASSERT_TRUE(service->inspect(made, {}, origin()));
    const auto json = *service->lot_json("890", origin());
    EXPECT_THAT(json, HasSubstr(R"("result":"passed","computed_result":"failed")"));
    EXPECT_THAT(json, HasSubstr(R"("result_agrees":false)"));
    EXPECT_THAT(json, HasSubstr(R"("measured_value":10.2,"target":10,"tolerance":0.05)"));
    EXPECT_EQ(code_of(service->lot_json("891", origin())), Errc::not_found);
}

TEST_F(ServiceTest, AKeyForOneDeviceSeesAndChangesNothingOfAnother) {
    ASSERT_TRUE(service->report(report("1", 5, false), {}, origin()));
    const auto other = only("cnc-02");
    EXPECT_EQ(code_of(service->order_json("1", other)), Errc::not_found);
    EXPECT_EQ(code_of(service->report(report("1", 5), {}, other)), Errc::not_found);
    EXPECT_EQ(code_of(service->report(report("2", 5), {}, other)), Errc::permission_denied);
    EXPECT_EQ(code_of(service->move("1", "start", "cnc-02", {}, other)), Errc::not_found);
    EXPECT_EQ(code_of(service->set_status(status("up"), {}, other)), Errc::permission_denied);
    EXPECT_THAT(*service->orders_json({}, other), HasSubstr(R"("orders":[])"));
    EXPECT_EQ(witness.events.size(), 1U);
    EXPECT_TRUE(service->order_json("1", only("cnc-01")));
}

TEST_F(ServiceTest, OrdersComeInPagesAndByStateAndDevice) {
    for (int i = 1; i <= 5; ++i) {
        ASSERT_TRUE(service->report(report("A" + std::to_string(i), i, i % 2 == 0), {}, origin()));
    }
    OrderQuery query;
    query.limit = 2;
    std::string json = *service->orders_json(query, origin());
    EXPECT_THAT(json, HasSubstr(R"("next_cursor":"A2")"));
    query.after = "A4";
    json = *service->orders_json(query, origin());
    EXPECT_THAT(json, HasSubstr(R"("order_id":"A5")"));
    EXPECT_THAT(json, HasSubstr(R"("next_cursor":null)"));
    query = {"completed", "CNC-01", {}, 100};
    json = *service->orders_json(query, origin());
    EXPECT_THAT(json, HasSubstr(R"("order_id":"A4")"));
    EXPECT_THAT(json, Not(HasSubstr(R"("order_id":"A5")")));
    query.device_id = "cnc-09";
    EXPECT_THAT(*service->orders_json(query, origin()), HasSubstr(R"("orders":[])"));
}

TEST_F(ServiceTest, StatisticsTellTheLastOrderOfTheInterval) {
    const Device* device = *devices.find_or_register("CNC-01", clock.now());
    const auto long_ago = clock.now() - std::chrono::days{30};
    ASSERT_TRUE(service->report(report("1", 5), {}, origin()));
    ASSERT_TRUE(service->report(report("2", 40, false), long_ago, origin())) << "told late";
    ASSERT_TRUE(service->report(report("2", 50, false), {}, origin()));
    const auto now = clock.now();
    const auto members = service->contribute({device, now - std::chrono::hours{1}, now});
    ASSERT_TRUE(members);
    ASSERT_EQ(members->size(), 5U);
    EXPECT_EQ((*members)[0], StatisticsMember("order_id", "\"2\""));
    EXPECT_EQ((*members)[1], StatisticsMember("quantity_produced", "90"));
    EXPECT_EQ((*members)[2], StatisticsMember("quantity_rejected", "4"));
    EXPECT_EQ((*members)[3].second, '"' + format_iso8601(now).substr(0, 10) + '"');
    const auto then = service->contribute({device, long_ago, long_ago + std::chrono::hours{1}});
    EXPECT_EQ((*then)[1].second, "40");
    EXPECT_EQ(service->contribute({device, start, start + std::chrono::hours{1}})->size(), 1U)
        << "no order, but the OEE of the time";
}

TEST_F(ServiceTest, OeeShowsWhatItIsMadeFromAndFollowsLateData) {
    const Device* device = *devices.find_or_register("cnc-01", clock.now());
    ProductionOrder made;
    made.id = "1";
    made.ideal_cycle_seconds = 60;
    ASSERT_TRUE(service->create(made, origin()));
    auto first = report("1", 38, false);
    ASSERT_TRUE(service->report(first, at(50), origin()));
    const auto oee = [&] { return service->contribute({device, at(0), at(100)})->back(); };
    EXPECT_EQ(oee().first, "oee");
    EXPECT_THAT(oee().second, HasSubstr(R"("availability":1,"performance":0.4,"quality":0.95)"));
    // Told later, of the same time.
    ASSERT_TRUE(service->set_status(status("down", at(50)), at(0), origin()));
    EXPECT_THAT(oee().second, HasSubstr(R"("availability":0.5,"performance":0.8,"quality":0.95)"));
    EXPECT_THAT(oee().second, HasSubstr(R"("planned_seconds":6000,"downtime_seconds":3000)"));
    EXPECT_THAT(oee().second, HasSubstr(R"("ideal_seconds":2400)"));
    EXPECT_THAT(oee().second, HasSubstr(R"({"oee":0.38,)"));
    ASSERT_TRUE(service->report(report("2", 8, false), at(60), origin()));
    EXPECT_THAT(oee().second, HasSubstr(R"("performance":null)")) << "2 tells no ideal cycle";
    EXPECT_THAT(oee().second, HasSubstr(R"({"oee":null,)"));
}

TEST_F(ServiceTest, CapabilityIsOfTheNewestValuesAndNamesTheLotOfASignal) {
    const std::vector<double> values{10.0, 10.01, 10.0, 9.99, 10.0, 10.01, 9.99, 10.0, 10.01, 10.2};
    for (std::size_t i = 0; i < values.size(); ++i) {
        InspectionReport made;
        made.lot_id = "L" + std::to_string(i);
        made.device_id = "cnc-01";
        made.results.resize(1);
        made.results[0].name = "dimension_x";
        made.results[0].measured = values[i];
        made.results[0].target = 10;
        made.results[0].tolerance = 0.05;
        ASSERT_TRUE(service->inspect(made, at(static_cast<int>(i)), origin()));
    }
    const auto whole = *service->capability_json({"dimension_x", "", 200}, origin());
    EXPECT_THAT(whole, HasSubstr(R"("count":10,"lower_limit":9.95,"upper_limit":10.05)"));
    EXPECT_THAT(whole, HasSubstr(R"("in_control":false)"));
    EXPECT_THAT(whole, HasSubstr(R"({"rule":"one beyond 3 sigma","lot_id":"L9")"));
    EXPECT_THAT(
        *service->capability_json({"dimension_x", "cnc-01", 1}, origin()),
        HasSubstr(R"("count":1,"lower_limit":9.95,"upper_limit":10.05,"mean":10.2)")
    );
    EXPECT_THAT(*service->capability_json({"none", "", 9}, origin()), HasSubstr(R"("cpk":null)"));
    EXPECT_EQ(code_of(service->capability_json({"", "", 9}, origin())), Errc::invalid_argument);
    EXPECT_EQ(
        code_of(service->capability_json({"dimension_x", "", 9}, only("cnc-01"))),
        Errc::permission_denied
    );
}

TEST_F(ServiceTest, WrongValuesAreRefusedByName) {
    EXPECT_THAT(
        service->report(report("1", -1), {}, origin()).error().detail,
        HasSubstr("quantity_produced: ")
    );
    EXPECT_THAT(
        service->report(report("a/b", 1), {}, origin()).error().detail, HasSubstr("order_id: ")
    );
    EXPECT_THAT(
        service->report(report("1", 1), clock.now() + std::chrono::days{2}, origin())
            .error()
            .detail,
        HasSubstr("completion_time: ")
    );
    EXPECT_TRUE(witness.events.empty());
}

}  // namespace
}  // namespace modax::operations
