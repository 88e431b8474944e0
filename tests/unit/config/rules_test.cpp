#include "config/load.hpp"
#include "unit/config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> keys_of(std::vector<std::string> sets) {
    std::vector<std::string> keys;
    for (const Problem& problem : problems_of_sets(std::move(sets))) keys.push_back(problem.key);
    return keys;
}
using Keys = std::vector<std::string>;

TEST(config_rules, plain_listeners_stay_on_loopback_unless_told_otherwise) {
    EXPECT_EQ(keys_of({"http.bind=0.0.0.0"}), Keys{"http.bind"});
    EXPECT_EQ(keys_of({"mqtt.bind=::"}), Keys{"mqtt.bind"});
    EXPECT_THAT(keys_of({"http.bind=::1", "mqtt.bind=127.3.2.1"}), IsEmpty());
    EXPECT_THAT(
        keys_of({"http.bind=0.0.0.0", "http.allow_plaintext_beyond_loopback=true"}), IsEmpty()
    );
    EXPECT_THAT(
        keys_of({"mqtt.bind=0.0.0.0", "mqtt.allow_plaintext_beyond_loopback=true"}), IsEmpty()
    );
    EXPECT_THAT(keys_of({"mqtt.bind=0.0.0.0", "mqtt.enabled=false"}), IsEmpty());
}

TEST(config_rules, tls_listeners_need_certificate_and_key) {
    const Keys both{"tls.certificate_file", "tls.key_file"};
    EXPECT_EQ(keys_of({"https.enabled=true"}), both);
    EXPECT_EQ(keys_of({"mqtts.enabled=true"}), both);
    EXPECT_EQ(keys_of({"mqtts.enabled=true", "https.enabled=true"}), both);
    EXPECT_EQ(keys_of({"mqtts.enabled=true", "tls.certificate_file=a.pem"}), Keys{"tls.key_file"});
    EXPECT_THAT(
        keys_of({"mqtts.enabled=true", "tls.certificate_file=a.pem", "tls.key_file=a.key"}),
        IsEmpty()
    );
}

TEST(config_rules, shifts_are_days_and_times) {
    EXPECT_THAT(keys_of({"operations.shifts=mon-fri 06:00-14:00,sat 22:00-06:00"}), IsEmpty());
    EXPECT_EQ(keys_of({"operations.shifts=mon 06:00-14:00,early"}), Keys{"operations.shifts"});
}

TEST(config_rules, wear_limits_are_device_metric_and_value) {
    EXPECT_THAT(keys_of({"analysis.wear_limits=cnc-* vibration 7.1,press-1 oil 3e2"}), IsEmpty());
    EXPECT_EQ(keys_of({"analysis.wear_limits=vibration 7.1"}), Keys{"analysis.wear_limits"});
}

TEST(config_rules, client_certificates_need_an_authority) {
    EXPECT_EQ(keys_of({"tls.require_client_certificate=true"}), Keys{"tls.client_ca_file"});
    EXPECT_EQ(keys_of({"mqtts.certificate_identity=true"}), Keys{"tls.client_ca_file"});
}

TEST(config_rules, an_uplink_needs_a_broker_a_client_id_and_topics) {
    EXPECT_EQ(keys_of({"uplink.enabled=true"}), Keys{"uplink.host"});
    EXPECT_EQ(
        keys_of({"uplink.enabled=true", "uplink.host=b", "uplink.client_id=", "uplink.topics="}),
        (Keys{"uplink.client_id", "uplink.topics"})
    );
    EXPECT_EQ(
        keys_of({"uplink.enabled=true", "uplink.host=b", "uplink.certificate_file=a.pem"}),
        Keys{"uplink.key_file"}
    );
    EXPECT_EQ(
        keys_of({"uplink.enabled=true", "uplink.host=b", "uplink.password=env:A"}),
        Keys{"uplink.user"}
    );
    EXPECT_THAT(keys_of({"uplink.enabled=true", "uplink.host=b"}), IsEmpty());
}

TEST(config_rules, the_disk_is_alerted_before_it_is_closed) {
    EXPECT_EQ(
        keys_of({"landing.alert_percent=90", "landing.stop_percent=80"}),
        Keys{"landing.alert_percent"}
    );
}

TEST(config_rules, two_listeners_do_not_share_a_port) {
    EXPECT_EQ(keys_of({"http.port=1883"}), Keys{"mqtt.port"});
    EXPECT_THAT(keys_of({"http.port=0", "mqtt.port=0"}), IsEmpty());
    EXPECT_THAT(keys_of({"http.port=1883", "mqtt.enabled=false"}), IsEmpty());
}

TEST(config_rules, limits_fit_together) {
    EXPECT_EQ(keys_of({"websocket.soft_limit_bytes=4MiB"}), Keys{"websocket.hard_limit_bytes"});
    EXPECT_EQ(keys_of({"mqtt.max_packet_size=2KiB"}), Keys{"ingest.max_payload"});
    EXPECT_EQ(keys_of({"ingest.topic_prefix=a/b"}), Keys{"ingest.topic_prefix"});
    EXPECT_EQ(keys_of({"http.enabled=false"}), Keys{"http.enabled"});
}

TEST(config_rules, a_problem_points_to_the_line_that_causes_it) {
    const ConfigFile file{"[uplink]\nenabled = true\n"};
    const auto loaded = load({file.path(), {}, {}});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error()[0].line(), HasSubstr(file.at("2:11") + ": uplink.host: "));
}

TEST(config_rules, a_key_whose_value_was_refused_is_named_once) {
    EXPECT_EQ(
        keys_of(
            {"uplink.enabled=true",
             "uplink.topics=",
             "uplink.host=b",
             "websocket.hard_limit_bytes=1",
             "websocket.soft_limit_bytes=8MiB"}
        ),
        (Keys{"websocket.hard_limit_bytes", "uplink.topics"})
    );
}

TEST(config_rules, the_url_of_the_database_has_no_password) {
    EXPECT_THAT(keys_of({"database.url=postgresql://modax@localhost/modax"}), IsEmpty());
    for (const std::string url :
         {"postgresql://modax:hidden@localhost/modax",
          "postgresql://modax@localhost/modax?password=hidden",
          "host=localhost user=modax"}) {
        const auto problems = problems_of_sets({"database.url=" + url});
        ASSERT_EQ(problems.size(), 1U) << url;
        EXPECT_EQ(problems.front().key, "database.url");
        EXPECT_THAT(problems.front().text, testing::Not(HasSubstr("hidden")));
    }
}

}  // namespace
}  // namespace modax::config
