#include "connectors/definition.hpp"

#include "connectors/jq.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace modax::connectors {
namespace {

using ::testing::HasSubstr;

class DefinitionTest : public testing::Test {
protected:
    Result<Definition> read(const std::string& text) const {
        const auto file = directory_.path() / "x.toml";
        std::ofstream{file} << text;
        return read_definition(file);
    }
    test::TemporaryDirectory directory_;
};

constexpr const char* k_smallest = R"(
name = "sap"
events = ["production.*"]
[request]
url = "https://sap.example.com/x"
mapping = ".body"
)";

TEST_F(DefinitionTest, TheSmallestFile) {
    const auto read = this->read(k_smallest);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->name, "sap");
    EXPECT_TRUE(wants(*read, "production.completed"));
    EXPECT_FALSE(wants(*read, "quality.results"));
    EXPECT_FALSE(read->repeatable);
}

TEST_F(DefinitionTest, EveryProblemIsToldWithItsLine) {
    const auto read = this->read(std::string{k_smallest} + R"(
[auth]
kind = "basic"
user = "modax"
secret = "Swordfish-in-the-file"
[limits]
per_second = 0
colour = "blue"
[errors]
ambiguous = [500]
transient = [500]
)");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr("x.toml:11:"));
    EXPECT_THAT(read.error().detail, HasSubstr("secret: must be env:NAME"));
    EXPECT_THAT(read.error().detail, HasSubstr("unknown key 'colour'"));
    EXPECT_THAT(read.error().detail, HasSubstr("per_second: must be a whole number from 1"));
    EXPECT_THAT(read.error().detail, HasSubstr("500 has an outcome already"));
    EXPECT_THAT(read.error().detail, testing::Not(HasSubstr("Swordfish")));
}

TEST_F(DefinitionTest, NoTomlIsToldWithItsLine) {
    const auto read = this->read("name = \"sap\"\nevents = [");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().detail, HasSubstr("x.toml:2:"));
}

TEST(Definition, PlaceholdersAreFilledIn) {
    BusinessEvent event;
    event.id = "0123456789abcdef0123456789abcdef";
    EXPECT_EQ(
        filled_in("?id={id}&uuid={uuid}", event),
        "?id=0123456789abcdef0123456789abcdef&uuid=01234567-89ab-cdef-0123-456789abcdef"
    );
}

// What a shipped definition sends for a report of 48 good and 2 scrapped, or what is wrong.
std::string mapped(const std::string& name, const std::string& order, bool final = true) {
    const auto read =
        read_definition(std::filesystem::path{MODAX_SHIPPED_CONNECTORS} / (name + ".toml"));
    if (!read) return read.error().detail;
    BusinessEvent event;
    event.id = "0b0b7f0e7c1e4a519c0f6b7e4a2d9a11";
    event.type = "production.completed";
    event.object_key = "order:" + order;
    event.time = *parse_iso8601("2026-11-23T13:05:00Z");
    event.body = R"({"order_id":")" + order +
                 R"(","device_id":"mc-07","quantity_produced":48,"quantity_rejected":2,"final":)" +
                 (final ? "true" : "false") + R"(,"completion_time":"2026-11-23T13:05:00Z"})";
    const auto body = Jq{MODAX_PROGRAM}.run(read->mapping, mapping_input(event));
    return body ? *body : body.error().detail;
}

TEST(ShippedDefinition, SapConfirmation) {
    EXPECT_EQ(
        mapped("sap-s4hana", "1000123"),
        R"({"OrderID":"1000123","OrderOperation":"0010","Sequence":"0",)"
        R"("ConfirmationYieldQuantity":"48","ConfirmationScrapQuantity":"2",)"
        R"("ConfirmationReworkQuantity":"0","ConfirmationUnit":"PC",)"
        R"("PostingDate":"/Date(1795392000000)/","FinalConfirmationType":"X",)"
        R"("IsFinalConfirmation":true,)"
        R"("ExternalSystemConfirmation":"0b0b7f0e-7c1e-4a51-9c0f-6b7e4a2d9a11",)"
        R"("EnteredByExternalUser":"MODAX"})"
    );
    EXPECT_THAT(
        mapped("sap-s4hana", "1000123", false),
        HasSubstr(R"("FinalConfirmationType":"","IsFinalConfirmation":false)")
    );
}

TEST(ShippedDefinition, OracleReportsGoodAndScrapAsTwoTransactions) {
    const std::string row =
        R"({"OrganizationCode":"M1","WorkOrderNumber":"M1-1208","WoOperationSequenceNumber":10,)"
        R"("FromDispatchState":"READY","ToDispatchState":)";
    const std::string rest =
        R"(,"TransactionUnitOfMeasure":"Each","TransactionDate":"2026-11-23T13:05:00Z"})";
    EXPECT_EQ(
        mapped("oracle-fusion", "M1-1208"),
        R"({"SourceSystemCode":"MODAX","SourceSystemType":"EXTERNAL","OperationTransactionDetail":[)" +
            row + R"("COMPLETE","TransactionQuantity":48)" + rest + "," + row +
            R"("SCRAP","TransactionQuantity":2)" + rest + "]}"
    );
}

TEST(ShippedDefinition, OpcenterGetsAJobResponseInMesasOrder) {
    EXPECT_EQ(
        mapped("opcenter", "A&B"),
        R"(<?xml version="1.0" encoding="UTF-8"?>)"
        R"(<JobResponse xmlns="http://www.mesa.org/xml/B2MML">)"
        "<ID>0b0b7f0e-7c1e-4a51-9c0f-6b7e4a2d9a11</ID><EndTime>2026-11-23T13:05:00Z</EndTime>"
        "<WorkType>Production</WorkType><JobOrderID>A&amp;B</JobOrderID>"
        "<JobState>Completed</JobState>"
        "<EquipmentActual><ID>1</ID><EquipmentID>mc-07</EquipmentID></EquipmentActual>"
        "<MaterialActual><ID>yield</ID><MaterialUse>Produced</MaterialUse><Quantity>"
        "<QuantityString>48</QuantityString><DataType>decimal</DataType>"
        "<UnitOfMeasure>PC</UnitOfMeasure></Quantity></MaterialActual></JobResponse>"
    );
}

TEST(Definition, TheShippedOnesAreWellFormed) {
    const auto all = read_definitions(MODAX_SHIPPED_CONNECTORS);
    ASSERT_TRUE(all) << all.error().detail;
    EXPECT_FALSE(all->empty());
}

}  // namespace
}  // namespace modax::connectors
