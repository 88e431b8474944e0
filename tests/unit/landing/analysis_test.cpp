// Analyses and models in the store.
#include "support/fake_audit_seal.hpp"
#include "unit/landing/landing_fixture.hpp"

#include <gmock/gmock.h>

namespace modax::landing {
namespace {

using ::testing::ElementsAre;

class AnalysisRowsTest : public LandingTest {
protected:
    void open() {
        close();
        LandingTest::open();
        store->seal_audit_with(seal_);
    }
    AnalysisRecord record(const std::string& id, int second, bool anomaly) {
        AnalysisRecord made;
        Analysis& analysis = made.analysis;
        analysis.device = device(id);
        analysis.time = from_micros(1'700'000'000'000'000 + second * 1'000'000LL);
        analysis.has_anomaly = anomaly;
        analysis.anomaly_score = 0.1 + 0.2;
        analysis.message = "temperature is \"high\"";
        analysis.model_version = "modax-1";
        if (anomaly) {
            analysis.anomaly_type = AnomalyType::drift;
            analysis.event = 3;
            analysis.since = analysis.time;
            analysis.metrics.push_back({"temperature", 60, 38, 42, 0.97, AnomalyType::drift});
            analysis.wear.metric = "vibration";
            analysis.wear.level = 0.25;
            analysis.recommendations.push_back("look at the coolant");
            made.evidence = std::string{"\0state", 6};
        }
        made.row_score = 1.0 / 3;
        return made;
    }
    static std::vector<std::uint64_t> ids(const Result<std::vector<AnalysisRecord>>& found) {
        std::vector<std::uint64_t> all;
        for (const auto& record : *found) all.push_back(record.id);
        return all;
    }

    FakeAuditSeal seal_;
};

TEST_F(AnalysisRowsTest, ComeBackAsTheyWent) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    const auto written = record("cnc-01", 5, true);
    ASSERT_TRUE(store->append({written}, {}));
    const auto back = store->analysis(1);
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(back->row_score, written.row_score);
    EXPECT_EQ(back->evidence, written.evidence);
    EXPECT_EQ(back->analysis.anomaly_score, written.analysis.anomaly_score);
    EXPECT_EQ(back->analysis.anomaly_type, AnomalyType::drift);
    EXPECT_EQ(back->analysis.metrics, written.analysis.metrics);
    EXPECT_EQ(back->analysis.wear, written.analysis.wear);
    EXPECT_EQ(back->analysis.recommendations, written.analysis.recommendations);
    EXPECT_EQ(back->analysis.message, written.analysis.message);
    EXPECT_EQ(back->analysis.since, written.analysis.since);
    EXPECT_EQ(store->analysis(2).error().code, Errc::not_found);
}

TEST_F(AnalysisRowsTest, AreFoundByDeviceKindAndTimeNewestFirst) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    store_now(group_of(reading("cnc-02", 1)));
    ASSERT_TRUE(store->append(
        {record("cnc-01", 1, false),
         record("cnc-02", 2, true),
         record("cnc-01", 3, true),
         record("cnc-01", 4, false)},
        {}
    ));
    EXPECT_THAT(ids(store->analyses({})), ElementsAre(4, 3, 2, 1));
    AnalysisQuery query;
    query.device = device("cnc-01");
    EXPECT_THAT(ids(store->analyses(query)), ElementsAre(4, 3, 1));
    query.anomalies_only = true;
    EXPECT_THAT(ids(store->analyses(query)), ElementsAre(3));
    AnalysisQuery paged;
    paged.before = 4;
    paged.limit = 2;
    EXPECT_THAT(ids(store->analyses(paged)), ElementsAre(3, 2));
    AnalysisQuery timed;
    timed.start = record("cnc-01", 2, true).analysis.time;
    timed.end = record("cnc-01", 4, true).analysis.time;
    EXPECT_THAT(ids(store->analyses(timed)), ElementsAre(3, 2));
    ASSERT_TRUE(store->remove_before(*timed.end));
    EXPECT_THAT(ids(store->analyses({})), ElementsAre(4));
}

TEST_F(AnalysisRowsTest, ModelsAreReplacedAndComeBackAfterARestart) {
    open();
    store_now(group_of(reading("cnc-01", 1)));
    ASSERT_TRUE(store->append({}, {{device("cnc-01"), "first"}}));
    ASSERT_TRUE(
        store->append({record("cnc-01", 1, true)}, {{device("cnc-01"), std::string{"a\0b", 3}}})
    );
    open();
    std::vector<std::string> states;
    ASSERT_TRUE(store->models([&](const Device& of, std::string_view state) {
        EXPECT_EQ(of.id(), "cnc-01");
        states.emplace_back(state);
    }));
    EXPECT_THAT(states, ElementsAre(std::string{"a\0b", 3}));
}

}  // namespace
}  // namespace modax::landing
