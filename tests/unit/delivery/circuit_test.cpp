#include "delivery/circuit.hpp"

#include <gtest/gtest.h>

namespace modax::delivery {
namespace {

using namespace std::chrono_literals;

TEST(Circuit, OpensAfterFailuresInARowAndLetsOneTry) {
    Circuit circuit;
    const SteadyTime start{1h};
    for (int i = 0; i < 4; ++i) circuit.failed(start);
    EXPECT_TRUE(circuit.allows(start));
    circuit.failed(start);
    EXPECT_TRUE(circuit.open());
    EXPECT_FALSE(circuit.allows(start + 999ms));
    EXPECT_EQ(circuit.wait(start + 400ms), 600ms);
    EXPECT_TRUE(circuit.allows(start + 1s));
    circuit.failed(start + 1s);  // the one that tried
    EXPECT_FALSE(circuit.allows(start + 2s)) << "the pause doubles";
    EXPECT_TRUE(circuit.allows(start + 3s));
    circuit.succeeded();
    EXPECT_FALSE(circuit.open());
    EXPECT_TRUE(circuit.allows(start));
}

TEST(Circuit, PausesAtMostAMinute) {
    Circuit circuit;
    const SteadyTime start{1h};
    for (int i = 0; i < 100; ++i) circuit.trip(start);
    EXPECT_EQ(circuit.wait(start), 60s);
}

TEST(Circuit, AnErrorOfTheConfigurationOpensItAtOnce) {
    Circuit circuit;
    circuit.trip(SteadyTime{1h});
    EXPECT_TRUE(circuit.open());
    EXPECT_FALSE(circuit.allows(SteadyTime{1h}));
}

}  // namespace
}  // namespace modax::delivery
