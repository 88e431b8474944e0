#include "analysis/state_archive.hpp"

#include <gtest/gtest.h>

namespace modax::analysis {
namespace {

struct Sample {
    double value = 0;
    bool flag = false;
    std::string text;
    std::vector<int> numbers;
    std::array<float, 3> fixed{};
    template <class A>
    void archive(A& a) {
        a(value, flag, text, numbers, fixed);
    }
    bool operator==(const Sample&) const = default;
};

TEST(StateArchive, gives_back_what_it_was_given) {
    Sample given{0.1, true, "text", {1, -2}, {1.5F, 2.5F, 3.5F}};
    StateWriter writer;
    writer(given);
    const std::string bytes = writer.take();
    StateReader reader{bytes};
    Sample read;
    reader(read);
    EXPECT_TRUE(reader.complete());
    EXPECT_EQ(read, given);
}

TEST(StateArchive, refuses_every_cut) {
    Sample given{0.1, true, "text", {1, -2}, {}};
    StateWriter writer;
    writer(given);
    const std::string bytes = writer.take();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        StateReader reader{std::string_view{bytes}.substr(0, size)};
        Sample read;
        reader(read);
        EXPECT_FALSE(reader.ok()) << size;
    }
}

TEST(StateArchive, a_wrong_size_asks_for_no_memory) {
    const std::string bytes(4, '\xff');
    StateReader reader{bytes};
    std::vector<double> many;
    reader(many);
    EXPECT_FALSE(reader.ok());
    EXPECT_TRUE(many.empty());
}

TEST(StateArchive, what_is_left_over_is_not_complete) {
    const std::string bytes(9, '\0');
    StateReader reader{bytes};
    double value = 1;
    reader(value);
    EXPECT_TRUE(reader.ok());
    EXPECT_FALSE(reader.complete());
}

}  // namespace
}  // namespace modax::analysis
