#include "core/plant_store.hpp"

#include <gtest/gtest.h>

namespace modax {
namespace {

PlantBatch batch_of(int readings, int orders, int statuses) {
    PlantBatch batch;
    for (int i = 0; i < readings; ++i) batch.readings.emplace_back().sequence = i;
    for (int i = 0; i < orders; ++i) batch.orders.emplace_back().id = std::to_string(i);
    for (int i = 0; i < statuses; ++i) batch.statuses.emplace_back().id = std::to_string(i);
    return batch;
}

TEST(PlantBatch, ASplitKeepsOrderAndLosesNothing) {
    for (std::size_t at = 0; at <= 9; ++at) {
        PlantBatch first = batch_of(4, 2, 2);
        const PlantBatch rest = first.split(at);
        EXPECT_EQ(first.rows(), std::min<std::size_t>(at, 8));
        EXPECT_EQ(first.rows() + rest.rows(), 8U);
        EXPECT_EQ(first.readings.size() + rest.readings.size(), 4U);
        std::int64_t next = 0;
        for (const Reading& reading : first.readings) EXPECT_EQ(reading.sequence, next++);
        for (const Reading& reading : rest.readings) EXPECT_EQ(reading.sequence, next++);
        if (!first.statuses.empty()) {
            EXPECT_EQ(first.orders.size(), 2U) << at;
        }
    }
}

TEST(PlantBatch, EmptyMeansNoKindHasARow) {
    EXPECT_TRUE(PlantBatch{}.empty());
    EXPECT_FALSE(batch_of(0, 0, 1).empty());
}

}  // namespace
}  // namespace modax
