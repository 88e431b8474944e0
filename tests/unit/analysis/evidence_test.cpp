// The score of a reading can be computed again, to the bit, from what is kept with it.
#include "analysis/evidence.hpp"

#include <gtest/gtest.h>

#include <random>

namespace modax::analysis {
namespace {

class EvidenceTest : public ::testing::Test {
protected:
    Reading next(double temperature) {
        Reading reading;
        reading.device = &device_;
        reading.time = time_ += std::chrono::seconds{1};
        reading[Quantity::temperature] = temperature;
        reading.metrics.push_back({"pressure", 3 + noise_(random_)});
        reading.metrics.push_back({"program", std::string{"O1000"}});
        return reading;
    }
    DeviceModel::Row look_at(const Reading& reading) {
        recorder_.note(model_, EvidenceStep{reading});
        return model_.step(reading);
    }
    double usual() { return 40 + noise_(random_); }

    Device device_{1, "cnc-01", Timestamp{}};
    DeviceModel model_{device_, {}};
    EvidenceRecorder recorder_;
    Timestamp time_ = from_micros(1'700'000'000'000'000);
    std::mt19937 random_{7};
    std::normal_distribution<double> noise_{0, 0.5};
};

TEST_F(EvidenceTest, EveryScoreIsTheSameToTheBit) {
    for (int i = 0; i < 3000; ++i) {
        const auto row = look_at(next(i % 701 == 700 ? 60 : usual()));
        if (i % 97 != 0) continue;
        const auto again = recompute(device_, {}, recorder_.evidence());
        ASSERT_TRUE(again) << again.error().detail;
        ASSERT_EQ(again->score, row.score) << i;
        ASSERT_EQ(again->has_anomaly, row.has_anomaly) << i;
    }
}

TEST_F(EvidenceTest, TicksWithoutAReadingCountToo) {
    for (int i = 0; i < 2000; ++i) look_at(next(usual()));
    for (int i = 0; i < 60; ++i) {
        time_ += std::chrono::seconds{1};
        recorder_.note(model_, EvidenceStep{time_});
        const auto row = model_.tick(time_);
        const auto again = recompute(device_, {}, recorder_.evidence());
        ASSERT_TRUE(again);
        ASSERT_EQ(again->score, row.score);
    }
}

TEST_F(EvidenceTest, WhatIsDamagedIsSaid) {
    look_at(next(usual()));
    auto evidence = recorder_.evidence();
    evidence.pop_back();
    EXPECT_EQ(recompute(device_, {}, evidence).error().code, Errc::data_loss);
    EXPECT_EQ(recompute(device_, {}, {}).error().code, Errc::data_loss);
}

}  // namespace
}  // namespace modax::analysis
