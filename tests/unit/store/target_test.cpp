#include "store/target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::store {
namespace {

std::string parameter(const Target& target, const std::string& keyword) {
    const auto all = connection_parameters(target);
    if (!all) return "error: " + all.error().detail;
    for (const auto& [name, value] : *all) {
        if (name == keyword) return value;
    }
    return {};
}

std::string refusal(const std::string& url) {
    const auto all = connection_parameters({url});
    return all ? "" : all.error().detail;
}

TEST(Target, PasswordIsNeverTakenFromTheUrl) {
    for (const std::string url :
         {"postgresql://modax:hidden@localhost/modax",
          "postgresql://modax@localhost/modax?password=hidden",
          "postgresql://modax@localhost/modax?sslpassword=hidden"}) {
        const auto said = refusal(url);
        EXPECT_THAT(said, testing::HasSubstr("database.password")) << url;
        EXPECT_THAT(said, testing::Not(testing::HasSubstr("hidden"))) << url;
    }
    Target target{"postgresql://modax@localhost/modax", Secret{"hidden"}};
    EXPECT_EQ(parameter(target, "password"), "hidden");
}

TEST(Target, MistakesAreToldWithoutShowingWhatMayBeAPassword) {
    for (const std::string url :
         {"host=localhost password=hidden",
          "mysql://hidden@localhost/modax",
          "postgresql://modax:%hidden@localhost/modax"}) {
        const auto said = refusal(url);
        EXPECT_FALSE(said.empty()) << url;
        EXPECT_THAT(said, testing::Not(testing::HasSubstr("hidden"))) << url;
    }
    EXPECT_THAT(refusal("postgresql://modax@localhost"), testing::HasSubstr("database"));
    EXPECT_THAT(refusal("postgresql:///modax"), testing::HasSubstr("host"));
    EXPECT_THAT(
        refusal("postgresql://localhost/modax?service=plant"), testing::HasSubstr("service")
    );
}

TEST(Target, BeyondLoopbackTheConnectionIsEncrypted) {
    EXPECT_EQ(parameter({"postgresql://db.example.com/modax"}, "sslmode"), "require");
    Target trusting{"postgresql://db.example.com/modax"};
    trusting.ca_file = "/etc/modax/plant-ca.crt";
    EXPECT_EQ(parameter(trusting, "sslmode"), "verify-full");
    EXPECT_EQ(parameter(trusting, "sslrootcert"), "/etc/modax/plant-ca.crt");
    for (const std::string mode : {"disable", "allow", "prefer"}) {
        for (const std::string host : {"db.example.com", "localhost,db.example.com", "10.1.2.3"}) {
            EXPECT_THAT(
                refusal("postgresql://" + host + "/modax?sslmode=" + mode),
                testing::HasSubstr("sslmode=" + mode)
            );
        }
    }
    EXPECT_THAT(
        refusal("postgresql://localhost/modax?hostaddr=10.1.2.3&sslmode=disable"),
        testing::HasSubstr("10.1.2.3")
    );
}

TEST(Target, OnLoopbackTlsIsAChoice) {
    EXPECT_EQ(parameter({"postgresql://localhost/modax"}, "sslmode"), "prefer");
    EXPECT_EQ(parameter({"postgresql://[::1]/modax?sslmode=disable"}, "sslmode"), "disable");
    EXPECT_EQ(parameter({"postgresql://%2Frun%2Fpostgresql/modax"}, "sslmode"), "prefer");
    EXPECT_EQ(
        parameter({"postgresql://127.0.0.1/modax?sslmode=verify-full"}, "sslmode"), "verify-full"
    );
}

TEST(Target, IsDescribedWithoutItsPassword) {
    EXPECT_EQ(
        describe({"postgresql://modax@db.example.com:5433/plant?sslmode=require", Secret{"x"}}),
        "postgresql://modax@db.example.com:5433/plant"
    );
    EXPECT_EQ(describe({"nonsense"}), "?");
}

}  // namespace
}  // namespace modax::store
