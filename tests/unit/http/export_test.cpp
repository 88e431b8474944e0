// GET /export/{id}/{format}: the four formats, conditions, ranges, compression and what the audit
// log is told.
#include "http/export_producer.hpp"
#include "unit/http/server_fixture.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

namespace modax::http {
namespace {

using nlohmann::json;
using std::chrono::seconds;

class Export : public ServerTest {
protected:
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            auto one = reading("press-01", i + 0.5, i);
            one.time = k_day + seconds{i};
            readings_.add(one);
        }
    }
    HttpAnswer ask(std::string_view format, std::string_view query = {}, std::string fields = {}) {
        HttpClient client{port_};
        std::string target = "/api/v1/export/press-01/";
        target += format;
        target += "?start=2025-12-09&end=2025-12-10";
        target += query;
        return client.get(target, "X-API-Key: all\r\n" + fields);
    }
    static std::string digest_of(const std::string& bytes) {
        std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
        SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
        std::array<unsigned char, 64> text{};
        const int size = EVP_EncodeBlock(text.data(), hash.data(), hash.size());
        return "sha-256=:" +
               std::string{
                   reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)} +
               ":";
    }

    const Timestamp k_day = *parse_iso8601("2025-12-09");
};

TEST_F(Export, csv_has_a_header_and_a_line_for_each_reading) {
    auto one = reading("press-01", 20.25, 7);
    one.time = k_day;
    one.is_safe = true;
    one.metrics = {
        {"mode", std::string{"=cmd|' /C calc'!A0"}}, {"pressure", -1.5}, {"door", false}};
    readings_.add(one);
    start();
    const auto all = ask("csv");
    EXPECT_EQ(all.status, 200) << all.body;
    EXPECT_EQ(all.field("Content-Type"), "text/csv; charset=utf-8; header=present");
    EXPECT_EQ(
        all.field("Content-Disposition"),
        "attachment; filename=\"press-01_20251209T000000Z_20251210T000000Z_raw.csv\""
    );
    EXPECT_EQ(
        all.body,
        "timestamp,device_id,seq,temperature,current,vibration,spindle_speed,power_kw,feed_rate,"
        "is_safe,metrics\r\n"
        "2025-12-09T00:00:00Z,press-01,7,20.25,,,,,,true,"
        "\"{\"\"mode\"\":\"\"=cmd|' /C calc'!A0\"\",\"\"pressure\"\":-1.5,\"\"door\"\":false}\"\r\n"
    );
    // A cell of its own must not be a formula; a negative number stays one.
    EXPECT_EQ(
        ask("csv", "&metrics=mode,pressure,temperature,door,none").body,
        "timestamp,device_id,seq,mode,pressure,temperature,door,none\r\n"
        "2025-12-09T00:00:00Z,press-01,7,'=cmd|' /C calc'!A0,-1.5,20.25,false,\r\n"
    );
}

TEST_F(Export, json_and_ndjson_are_as_the_history) {
    fill(3);
    start();
    const auto whole = json::parse(ask("json").body);
    EXPECT_EQ(whole["device_id"], "press-01");
    EXPECT_EQ(whole["resolution"], "raw");
    ASSERT_EQ(whole["readings"].size(), 3U);
    const auto lines = ask("ndjson", "&metrics=temperature").body;
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
    EXPECT_EQ(json::parse(lines.substr(0, lines.find('\n')))["temperature"], 0.5);
    const auto none = get("/api/v1/export/press-01/json?start=2024-01-01&end=2024-01-02").body;
    EXPECT_EQ(json::parse(none)["readings"].size(), 0U);
}

TEST_F(Export, buckets_have_a_row_for_each_metric) {
    fill(120);
    start();
    EXPECT_EQ(
        ask("csv", "&resolution=1m").body.substr(0, 190),
        "start,device_id,metric,count,min,max,mean,first,last,stddev\r\n"
        "2025-12-09T00:00:00Z,press-01,temperature,60,0.5,59.5,30,0.5,59.5,17.46424919657298\r\n"
        "2025-12-09T00:01:00Z,press-01,temperature,60"
    );
    EXPECT_EQ(json::parse(ask("json", "&resolution=1h").body)["buckets"].size(), 1U);
}

TEST_F(Export, a_workbook_is_a_zip_file_and_the_same_each_time) {
    fill(50);
    start();
    const auto first = ask("xlsx");
    EXPECT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.body.substr(0, 2), "PK");
    EXPECT_EQ(first.field("Accept-Ranges"), "none");
    EXPECT_EQ(first.body, ask("xlsx").body);
    EXPECT_EQ(ask("xlsx", {}, "Range: bytes=0-1\r\n").status, 200);
    // Nothing is left.
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path() / "exports"));
}

TEST_F(Export, a_broken_download_goes_on_where_it_was) {
    fill(30'000);
    start();
    const auto whole = ask("csv");
    ASSERT_EQ(whole.status, 200);
    EXPECT_EQ(whole.field("Trailer"), "Repr-Digest");
    EXPECT_EQ(whole.trailers, "Repr-Digest: " + digest_of(whole.body) + "\r\n");
    const auto etag = whole.field("ETag");
    const auto size = whole.body.size();
    EXPECT_EQ(ask("csv").field("ETag"), etag);
    EXPECT_NE(ask("ndjson").field("ETag"), etag);
    for (const std::size_t from : {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, size - 1}) {
        const auto rest = ask(
            "csv", {}, "Range: bytes=" + std::to_string(from) + "-\r\nIf-Range: " + etag + "\r\n"
        );
        ASSERT_EQ(rest.status, 206);
        EXPECT_EQ(
            rest.field("Content-Range"),
            "bytes " + std::to_string(from) + "-" + std::to_string(size - 1) + "/" +
                std::to_string(size)
        );
        EXPECT_EQ(rest.field("Repr-Digest"), digest_of(whole.body));
        EXPECT_TRUE(rest.body == whole.body.substr(from)) << from;
    }
    EXPECT_EQ(ask("csv", {}, "Range: bytes=5-9\r\n").body, whole.body.substr(5, 5));
    EXPECT_EQ(ask("csv", {}, "Range: bytes=-4\r\n").body, whole.body.substr(size - 4));
    const auto behind = ask("csv", {}, "Range: bytes=" + std::to_string(size) + "-\r\n");
    EXPECT_EQ(behind.status, 416);
    EXPECT_EQ(behind.field("Content-Range"), "bytes */" + std::to_string(size));
    EXPECT_EQ(ask("csv", {}, "If-None-Match: " + etag + "\r\n").status, 304);
    // A late reading is another export: everything again.
    auto late = reading("press-01", 1, 1'000'000);
    late.time = k_day + seconds{3};
    readings_.add(late);
    const auto changed = ask("csv", {}, "Range: bytes=100-\r\nIf-Range: " + etag + "\r\n");
    EXPECT_EQ(changed.status, 200);
    EXPECT_NE(changed.field("ETag"), etag);
    EXPECT_GT(changed.body.size(), size);
}

TEST_F(Export, ranges_that_are_not_understood_are_left_out) {
    EXPECT_TRUE(parse_range("bytes=0-"));
    EXPECT_EQ(*parse_range("bytes=2-9")->last, 9U);
    EXPECT_EQ(*parse_range("bytes=-9")->last, 9U);
    for (const char* wrong :
         {"", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=1-2,4-5", "rows=1-2", "bytes=a-"}) {
        EXPECT_FALSE(parse_range(wrong)) << wrong;
    }
}

TEST_F(Export, is_compressed_for_those_who_ask) {
    fill(1000);
    start();
    const auto plain = ask("csv");
    const auto packed = ask("csv", {}, "Accept-Encoding: deflate, gzip\r\n");
    EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
    EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
    EXPECT_LT(packed.body.size(), plain.body.size() / 2);
    EXPECT_NE(packed.field("ETag"), plain.field("ETag"));
    EXPECT_EQ(ask("csv", {}, "Accept-Encoding: gzip;q=0\r\n").body, plain.body);
    EXPECT_EQ(ask("csv", {}, "Accept-Encoding: gzip\r\nRange: bytes=0-9\r\n").status, 206);
}

TEST_F(Export, bad_requests_name_the_field) {
    fill(1);
    start();
    const auto bad =
        get("/api/v1/export/press-01/csv?start=x&end=2025-12-10&metrics=a%20b&resolution=10s");
    EXPECT_EQ(bad.status, 422);
    for (const char* field : {"start", "metrics", "resolution"}) {
        EXPECT_NE(bad.body.find(field), std::string::npos) << field;
    }
    EXPECT_EQ(get("/api/v1/export/press-01/pdf").status, 404);
    EXPECT_EQ(get("/api/v1/export/press-02/csv").status, 404);
    // Another device, another scope.
    EXPECT_EQ(get("/api/v1/export/mill-02/csv", "press").status, 403);
    EXPECT_EQ(get("/api/v1/export/press-01/csv", "other").status, 403);
    EXPECT_EQ(get("/api/v1/export/press-01/csv", "").status, 401);
    readings_.fail_with(Error{Errc::io_error, "the disk is gone"});
    EXPECT_EQ(ask("csv").status, 500);
}

TEST_F(Export, the_audit_log_is_told_how_many_bytes_went) {
    fill(10);
    start();
    const auto answer = ask("csv");
    EXPECT_TRUE(eventually([&] {
        for (const auto& entry : trail_.accesses()) {
            if (entry.action != "readings.export") continue;
            return entry.actor == "key:all" && entry.object == "device:press-01" &&
                   entry.detail == "csv raw, " + std::to_string(answer.body.size()) + " bytes";
        }
        return false;
    }));
}

}  // namespace
}  // namespace modax::http
