// What the shipped connector files send, for the events that they name.
#include "connectors/definition.hpp"
#include "connectors/jq.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::connectors {
namespace {

using ::testing::HasSubstr;

// What a shipped definition sends for an event, or what is wrong.
std::string mapped(const std::string& name, const std::string& type, const std::string& body) {
    const auto read =
        read_definition(std::filesystem::path{MODAX_SHIPPED_CONNECTORS} / (name + ".toml"));
    if (!read) return read.error().detail;
    if (!wants(*read, type)) return name + " does not want " + type;
    BusinessEvent event;
    event.id = "0b0b7f0e7c1e4a519c0f6b7e4a2d9a11";
    event.type = type;
    event.time = *parse_iso8601("2026-11-23T13:05:00Z");
    event.body = body;
    const auto sent = Jq{MODAX_PROGRAM}.run(read->mapping, mapping_input(event, read->settings));
    return sent ? *sent : sent.error().detail;
}

// A report of 48 good and 2 scrapped.
std::string report(const std::string& order, bool final = true, const std::string& more = {}) {
    return R"({"order_id":")" + order +
           R"(","device_id":"mc-07","quantity_produced":48,"quantity_rejected":2,"final":)" +
           (final ? "true" : "false") + R"(,"completion_time":"2026-11-23T13:05:00Z")" + more + "}";
}
std::string reported(const std::string& name, const std::string& order, bool final = true) {
    return mapped(name, "production.completed", report(order, final));
}

TEST(ShippedDefinition, EveryFileIsWellFormed) {
    const auto read = read_definitions(MODAX_SHIPPED_CONNECTORS);
    ASSERT_TRUE(read) << read.error().detail;
    for (const auto& definition : *read) {
        EXPECT_EQ(definition.file.stem(), definition.name);
    }
    EXPECT_EQ(read->size(), 8U);
}

TEST(ShippedDefinition, SapConfirmation) {
    EXPECT_EQ(
        reported("sap-s4hana", "1000123"),
        R"({"OrderID":"1000123","OrderOperation":"0010","Sequence":"0",)"
        R"("ConfirmationYieldQuantity":"48","ConfirmationScrapQuantity":"2",)"
        R"("ConfirmationReworkQuantity":"0","ConfirmationUnit":"PC",)"
        R"("PostingDate":"/Date(1795392000000)/","FinalConfirmationType":"X",)"
        R"("IsFinalConfirmation":true,)"
        R"("ExternalSystemConfirmation":"0b0b7f0e-7c1e-4a51-9c0f-6b7e4a2d9a11",)"
        R"("EnteredByExternalUser":"MODAX"})"
    );
    EXPECT_THAT(
        reported("sap-s4hana", "1000123", false),
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
        reported("oracle-fusion", "M1-1208"),
        R"({"SourceSystemCode":"MODAX","SourceSystemType":"EXTERNAL","OperationTransactionDetail":[)" +
            row + R"("COMPLETE","TransactionQuantity":48)" + rest + "," + row +
            R"("SCRAP","TransactionQuantity":2)" + rest + "]}"
    );
}

TEST(ShippedDefinition, OpcenterGetsAJobResponseInMesasOrder) {
    EXPECT_EQ(
        reported("opcenter", "A&B"),
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

TEST(ShippedDefinition, SapGetsOperationAndUnitOfTheOrderAndThreeDecimals) {
    const auto sent = mapped(
        "sap-s4hana",
        "production.reported",
        R"({"order_id":"7","quantity_produced":0.30000000000000004,"quantity_rejected":1e-7,)"
        R"("operation":"0020","unit":"KG","final":false})"
    );
    EXPECT_THAT(sent, HasSubstr(R"("OrderOperation":"0020")"));
    EXPECT_THAT(sent, HasSubstr(R"("ConfirmationUnit":"KG")"));
    EXPECT_THAT(sent, HasSubstr(R"("ConfirmationYieldQuantity":"0.3")"));
    EXPECT_THAT(sent, HasSubstr(R"("ConfirmationScrapQuantity":"0")"));
}

TEST(ShippedDefinition, SapMaintenanceNotificationForADowntime) {
    const std::string down =
        R"({"device_id":"mc-07","status":"down","reason_code":"spindle_bearing",)"
        R"("downtime_start":"2025-12-09T10:00:00Z")";
    const std::string start =
        R"({"NotificationType":"M2","NotificationText":"MODAX mc-07: spindle_bearing",)"
        R"("TechnicalObject":"mc-07","TechObjIsEquipOrFuncnlLoc":"EAMS_EQUI",)"
        R"("MaintenanceObjectIsDown":true,"MalfunctionStartDate":"/Date(1765238400000)/",)"
        R"("MalfunctionStartTime":"PT10H00M00S",)"
        R"("MaintNotifExtReferenceNumber":"0b0b7f0e7c1e4a519c0f")";
    EXPECT_EQ(
        mapped("sap-s4hana-maintenance", "equipment.status", down + R"(,"downtime_end":null})"),
        start + "}"
    );
    EXPECT_EQ(
        mapped(
            "sap-s4hana-maintenance",
            "equipment.status",
            down + R"(,"downtime_end":"2025-12-09T11:30:00Z"})"
        ),
        start +
            R"(,"MalfunctionEndDate":"/Date(1765238400000)/","MalfunctionEndTime":"PT11H30M00S"})"
    );
    EXPECT_EQ(
        mapped(
            "sap-s4hana-maintenance",
            "equipment.status",
            R"({"device_id":"mc-07","status":"up","downtime_start":"2025-12-09T10:00:00Z"})"
        ),
        "null"
    );
}

TEST(ShippedDefinition, SapEccGetsAnIdocWithTheNamesOfTheSite) {
    EXPECT_EQ(
        reported("sap-ecc", "1000123"),
        R"(<?xml version="1.0" encoding="UTF-8"?><ZCONF01><IDOC BEGIN="1"><EDI_DC40 SEGMENT="1">)"
        "<TABNAM>EDI_DC40</TABNAM><DIRECT>2</DIRECT><IDOCTYP>ZCONF01</IDOCTYP>"
        "<MESTYP>ZCONF</MESTYP><SNDPOR>MODAX</SNDPOR><SNDPRT>LS</SNDPRT><SNDPRN>MODAX</SNDPRN>"
        "<RCVPOR>SAPECC</RCVPOR><RCVPRT>LS</RCVPRT><RCVPRN>ECCCLNT100</RCVPRN>"
        "<ARCKEY>0b0b7f0e-7c1e-4a51-9c0f-6b7e4a2d9a11</ARCKEY></EDI_DC40>"
        R"(<Z1CONF SEGMENT="1"><AUFNR>000001000123</AUFNR><VORNR>0010</VORNR><LMNGA>48</LMNGA>)"
        "<XMNGA>2</XMNGA><MEINH>PC</MEINH><BUDAT>20261123</BUDAT><AUERU>X</AUERU></Z1CONF>"
        "</IDOC></ZCONF01>"
    );
}

TEST(ShippedDefinition, OracleEbsGetsTheInputOfTheDeployedProcedure) {
    EXPECT_EQ(
        mapped("oracle-ebs", "production.completed", report("W-1", true, R"(,"operation":"20")")),
        R"({"REPORT_MOVE_Input":{"RESTHeader":{"Responsibility":"WIP_VISION_OPERATIONS",)"
        R"("RespApplication":"WIP","SecurityGroup":"STANDARD","NLSLanguage":"AMERICAN",)"
        R"("Org_Id":"204"},"InputParameters":{"P_SOURCE_CODE":"MODAX",)"
        R"("P_SOURCE_REFERENCE":"0b0b7f0e-7c1e-4a51-9c0f-6b7e4a2d9a11",)"
        R"("P_ORGANIZATION_CODE":"M1","P_WIP_ENTITY_NAME":"W-1","P_OPERATION_SEQ_NUM":20,)"
        R"("P_QUANTITY_COMPLETED":48,"P_QUANTITY_SCRAPPED":2,"P_UOM":"Ea",)"
        R"("P_TRANSACTION_DATE":"2026-11-23T13:05:00Z"}}})"
    );
}

TEST(ShippedDefinition, AvevaGetsTheAlarmOfTheRequirement) {
    const auto alarm = [](const std::string& score) {
        return mapped(
            "aveva-alarms",
            "analysis.anomaly",
            R"({"device_id":"cnc-01","has_anomaly":true,"anomaly_type":"vibration","anomaly_score":)" +
                score + R"(,"timestamp":"2025-12-09T10:30:00Z"})"
        );
    };
    EXPECT_EQ(
        alarm("0.81"),
        R"({"alarm_name":"MODAX_cnc-01_ANOMALY","severity":"high",)"
        R"("message":"Anomaly detected: vibration","timestamp":"2025-12-09T10:30:00Z"})"
    );
    EXPECT_THAT(alarm("0.8"), HasSubstr(R"("severity":"medium")"));
}

}  // namespace
}  // namespace modax::connectors
