#include "delivery/classification.hpp"

#include <gtest/gtest.h>

namespace modax::delivery {
namespace {

TEST(Classification, OfStatusesWithoutAnEntry) {
    const std::map<int, CallOutcome> none;
    for (const int status : {200, 201, 204}) {
        EXPECT_EQ(classify(status, none), CallOutcome::delivered) << status;
    }
    for (const int status : {302, 401, 403}) {
        EXPECT_EQ(classify(status, none), CallOutcome::configuration) << status;
    }
    for (const int status : {408, 409, 423, 425, 429, 503}) {
        EXPECT_EQ(classify(status, none), CallOutcome::transient) << status;
    }
    for (const int status : {400, 404, 405, 412, 422}) {
        EXPECT_EQ(classify(status, none), CallOutcome::permanent) << status;
    }
    for (const int status : {500, 502, 504}) {
        EXPECT_EQ(classify(status, none), CallOutcome::ambiguous) << status;
    }
}

TEST(Classification, AConnectorsOwnTableGoesFirst) {
    const std::map<int, CallOutcome> own{
        {503, CallOutcome::ambiguous}, {409, CallOutcome::delivered}};
    EXPECT_EQ(classify(503, own), CallOutcome::ambiguous);
    EXPECT_EQ(classify(409, own), CallOutcome::delivered);
}

}  // namespace
}  // namespace modax::delivery
