#include "store/copy_rows.hpp"

#include "support/plant_database.hpp"

#include <limits>

namespace modax::store {
namespace {

class CopyRowsTest : public test::WithPlantDatabase {};

TEST_F(CopyRowsTest, EveryKindOfValueArrivesAsItWas) {
    auto connection = database().connect();
    ASSERT_TRUE(connection.execute(
        "CREATE TABLE t(a timestamptz, b text, c text, d jsonb, e float8, f float8, g boolean,"
        " h boolean, i bigint, j integer, k timestamptz)"
    ));
    CopyRows rows;
    rows.row(11);
    rows.time(from_micros(1'700'000'000'123'456));
    rows.text("ü\t\\N");
    rows.text_or_null("");
    rows.json(R"({"a":[1,"ü"]})");
    rows.number(0.1);
    rows.number(std::numeric_limits<double>::quiet_NaN());
    rows.flag(true);
    rows.flag(std::optional<bool>{});
    rows.integer(std::numeric_limits<std::int64_t>::min());
    rows.position(-7);
    rows.time(from_micros(-1));
    EXPECT_EQ(rows.count(), 1U);
    const auto copied = connection.copy_in("COPY t FROM STDIN (FORMAT binary)", rows.finish());
    ASSERT_TRUE(copied) << copied.error().detail;
    EXPECT_EQ(*copied, 1U);
    const auto found = connection.query("SELECT * FROM t");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->text(0, 0), "2023-11-14 22:13:20.123456+00");
    EXPECT_EQ(found->text(0, 1), "ü\t\\N");
    EXPECT_TRUE(found->is_null(0, 2));
    EXPECT_EQ(found->text(0, 3), R"({"a": [1, "ü"]})");
    EXPECT_EQ(found->number(0, 4), 0.1);
    EXPECT_TRUE(found->is_null(0, 5));
    EXPECT_TRUE(found->flag(0, 6));
    EXPECT_TRUE(found->is_null(0, 7));
    EXPECT_EQ(found->integer(0, 8), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(found->integer(0, 9), -7);
    EXPECT_EQ(found->text(0, 10), "1969-12-31 23:59:59.999999+00");
}

}  // namespace
}  // namespace modax::store
