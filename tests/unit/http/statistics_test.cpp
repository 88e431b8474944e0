// GET /devices/{id}/statistics, alone and with another source's members.
#include "core/statistics.hpp"

#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>

namespace modax::http {
namespace {

using nlohmann::json;

class Statistics : public ServerTest {
protected:
    void fill() {
        for (int i = 0; i < 4; ++i) {
            auto one = reading("press-01", i, i);
            one.time = *parse_iso8601("2025-12-09T10:00:00Z") + std::chrono::minutes{i};
            one.metrics = {{"pressure", 2.0 * i}};
            readings_.add(one);
        }
    }
    json ask() {
        const auto answer =
            get("/api/v1/devices/press-01/statistics?start=2025-12-09T10:01:00&end=2025-12-10");
        EXPECT_EQ(answer.status, 200) << answer.body;
        return json::parse(answer.body);
    }
};

TEST_F(Statistics, sum_up_an_interval) {
    fill();
    start();
    const auto all = ask();
    EXPECT_EQ(all["sample_count"], 3);
    EXPECT_EQ(all["start"], "2025-12-09T10:01:00Z");
    EXPECT_EQ(
        all["quantities"]["temperature"],
        (json{
            {"count", 3},
            {"min", 1},
            {"max", 3},
            {"mean", 2},
            {"first", 1},
            {"last", 3},
            {"stddev", 1}})
    );
    EXPECT_TRUE(all["quantities"]["current"].is_null());
    EXPECT_EQ(all["metrics"]["pressure"]["mean"], 4);
    for (const char* name :
         {"order_id", "quantity_produced", "quantity_rejected", "production_date"}) {
        ASSERT_TRUE(all.contains(name)) << name;
        EXPECT_TRUE(all[name].is_null()) << name;
    }
    EXPECT_EQ(get("/api/v1/devices/press-01/statistics?start=x").status, 422);
    EXPECT_EQ(get("/api/v1/devices/mill-02/statistics", "press").status, 403);
}

class Orders final : public StatisticsContributor {
public:
    Result<std::vector<StatisticsMember>> contribute(const StatisticsQuery& query) const override {
        return std::vector<StatisticsMember>{
            {"order_id", "\"" + query.device->id() + "-17\""}, {"oee", "0.5"}};
    }
};

TEST_F(Statistics, have_the_members_of_another_source) {
    fill();
    const Orders orders;
    statistics_ = &orders;
    start();
    const auto all = ask();
    EXPECT_EQ(all["order_id"], "press-01-17");
    EXPECT_EQ(all["oee"], 0.5);
    EXPECT_TRUE(all["production_date"].is_null());
    server_->stop();
}

}  // namespace
}  // namespace modax::http
