#include "config/load.hpp"

#include "config/schema.hpp"
#include "config/value.hpp"
#include "unit/config/config_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace modax::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A value a key takes that is not its default.
Value other_value(const Key& key) {
    const Value current = key.get(Config{});
    switch (key.kind) {
        case Kind::boolean:
            return !std::get<bool>(current);
        case Kind::integer:
        case Kind::duration:
        case Kind::size:
            return std::get<std::int64_t>(current) == key.maximum ? key.minimum : key.maximum;
        case Kind::choice:
            return key.choices.back() == std::get<std::string>(current) ? key.choices.front()
                                                                        : key.choices.back();
        case Kind::address:
            return "127.0.0.9";
        case Kind::list:
            if (key.name == "operations.shifts") {
                return std::vector<std::string>{"mon-fri 06:00-14:00", "sat 22:00-06:00"};
            }
            if (key.name == "analysis.wear_limits") {
                return std::vector<std::string>{"cnc-* vibration 7.1", "press-1 temperature 90"};
            }
            return std::vector<std::string>{"first/#", "second/+"};
        case Kind::secret:
            return "env:OTHER_NAME";
        default:
            if (key.name == "database.url") return "postgresql://modax@localhost/plant";
            return "other";
    }
}

// As it is written in the environment and after --set.
std::string plain_text(const Key& key, const Value& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        std::string joined;
        for (const auto& entry : *list) joined += (joined.empty() ? "" : ",") + entry;
        return joined;
    }
    std::string text = to_toml(key, value);
    if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
    return text;
}

// What a key needs beside it so that its other value breaks no rule between keys.
std::vector<std::string> companions(const Key& key) {
    if (key.name == "websocket.soft_limit_bytes") return {};
    std::vector<std::string> sets{
        "tls.certificate_file=a.pem",
        "tls.key_file=a.key",
        "tls.client_ca_file=ca.pem",
        "uplink.host=broker",
        "uplink.user=gateway",
        "uplink.certificate_file=b.pem",
        "uplink.key_file=b.key",
        "mqtt.max_packet_size=256MiB",
        "websocket.hard_limit_bytes=1GiB",
        "https.enabled=true",
        "https.client_certificates=true",
        "http.port=1",
        "https.port=2",
        "mqtt.port=3",
        "mqtts.port=4",
        "opcua.lost_after=8760h"};
    std::erase_if(sets, [&](const std::string& set) { return set.starts_with(key.name + '='); });
    return sets;
}

// The two limits depend on each other, so their maxima can't be set alone.
Value other_limit(const Key& key) {
    if (key.name == "websocket.soft_limit_bytes") return std::int64_t{65'536};
    if (key.name == "websocket.hard_limit_bytes") return std::int64_t{1} << 30U;
    return other_value(key);
}

class EveryKey : public ::testing::TestWithParam<const Key*> {};

TEST_P(EveryKey, is_set_by_the_file) {
    const Key& key = *GetParam();
    const Value value = other_limit(key);
    const ConfigFile file{key.name + " = " + to_toml(key, value) + '\n'};
    const auto loaded = load({file.path(), companions(key), {}});
    ASSERT_TRUE(loaded) << loaded.error().front().line();
    EXPECT_EQ(key.get(*loaded), value);
    EXPECT_NE(key.get(*loaded), key.get(Config{}));
}

TEST_P(EveryKey, is_overridden_by_the_environment_and_above_that_by_set) {
    const Key& key = *GetParam();
    const Value value = other_limit(key);
    const std::string text = plain_text(key, value);
    const std::string old_text = plain_text(key, key.get(Config{}));
    const ConfigFile file{key.name + " = " + to_toml(key, key.get(Config{})) + '\n'};

    const auto by_environment =
        load({file.path(), companions(key), environment_of({{environment_name(key.name), text}})});
    ASSERT_TRUE(by_environment) << by_environment.error().front().line();
    EXPECT_EQ(key.get(*by_environment), value);

    auto sets = companions(key);
    sets.push_back(key.name + '=' + text);
    const auto by_set =
        load({file.path(), sets, environment_of({{environment_name(key.name), old_text}})});
    ASSERT_TRUE(by_set) << by_set.error().front().line();
    EXPECT_EQ(key.get(*by_set), value);
}

TEST_P(EveryKey, refuses_what_is_no_value_of_it) {
    const Key& key = *GetParam();
    // No key takes a date; the message must name the key, its position and what to write.
    const auto problems = problems_of("# comment\n  " + key.name + " = 2025-01-01\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].key, key.name);
    EXPECT_THAT(problems[0].where, HasSubstr("modax.toml:2:"));
    EXPECT_THAT(problems[0].text, HasSubstr("write " + expectation(key)));
}

std::vector<const Key*> every_key() {
    std::vector<const Key*> keys;
    for (const Section& section : schema()) {
        for (const Key& key : section.keys) keys.push_back(&key);
    }
    return keys;
}

std::string test_name(const ::testing::TestParamInfo<const Key*>& info) {
    std::string name = info.param->name;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(schema, EveryKey, ::testing::ValuesIn(every_key()), test_name);

TEST(config_load, nothing_gives_the_defaults) {
    const auto loaded = load({});
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->http.port, 8080);
    EXPECT_EQ(loaded->mqtt.max_session_expiry, std::chrono::days{7});
    EXPECT_EQ(loaded->mqtt.max_packet_size, 262'144U);
    EXPECT_FALSE(loaded->mqtt.allow_anonymous_on_loopback);
}

TEST(config_load, names_of_keys_and_of_environment_variables_are_unique) {
    std::set<std::string> names;
    std::set<std::string> variables;
    for (const Key* key : every_key()) {
        EXPECT_TRUE(names.insert(key->name).second) << key->name;
        EXPECT_TRUE(variables.insert(environment_name(key->name)).second) << key->name;
        EXPECT_EQ(find_key(key->name), key);
    }
    EXPECT_TRUE(variables.contains("MODAX_HTTP_PORT"));
    EXPECT_TRUE(variables.contains("MODAX_DATA_DIR"));
}

TEST(config_load, every_numeric_bound_fits_its_member) {
    for (const Key* key : every_key()) {
        if (key->minimum == key->maximum) continue;
        for (const std::int64_t bound : {key->minimum, key->maximum}) {
            Config config;
            key->set(config, bound);
            EXPECT_EQ(std::get<std::int64_t>(key->get(config)), bound) << key->name;
        }
    }
}

TEST(config_load, collects_every_problem_with_line_and_column) {
    const ConfigFile file{
        "[http]\n"
        "port = 70000\n"
        "  prot = 1\n"
        "bind = \"localhost\"\n"
        "\n"
        "[landng]\n"
        "replay_window = \"1h\"\n"
        "[log]\n"
        "level = \"loud\"\n"
        "[mqtt]\n"
        "max_session_expiry = 7\n"};
    const auto loaded = load({file.path(), {}, {}});
    ASSERT_FALSE(loaded);
    std::set<std::string> lines;
    for (const Problem& problem : loaded.error()) lines.insert(problem.line());
    const auto has = [&](const std::string& position, const std::string& text) {
        return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.starts_with(file.at(position) + ": " + text);
        });
    };
    EXPECT_TRUE(has("2:8", "http.port: 70000 is out of range; write a whole number, 0 to 65535"));
    EXPECT_TRUE(has("3:3", "http.prot: unknown key; did you mean 'http.port'?"));
    EXPECT_TRUE(has("4:8", "http.bind: 'localhost' is not valid here; write an IP address"));
    EXPECT_TRUE(has("6:2", "landng: unknown section; did you mean 'landing'?"));
    EXPECT_TRUE(has("9:9", "log.level: 'loud' is not valid here; write \"trace\""));
    EXPECT_TRUE(has("11:22", "mqtt.max_session_expiry: wrong type of value; write a duration"));
    EXPECT_EQ(lines.size(), 6U) << ::testing::PrintToString(lines);
}

TEST(config_load, a_key_in_the_wrong_section_is_recognised) {
    const auto problems = problems_of("[http]\nclient_ca_file = \"ca.pem\"\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].text, HasSubstr("did you mean 'tls.client_ca_file'?"));
}

TEST(config_load, an_unknown_key_without_a_near_one_points_to_the_reference) {
    const auto problems = problems_of("frobnicate_everything = 1\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].text, HasSubstr("modax config reference"));
}

TEST(config_load, says_where_a_file_is_not_toml) {
    const ConfigFile file{"[http]\nport = = 1\n"};
    const auto loaded = load({file.path(), {}, {}});
    ASSERT_FALSE(loaded);
    ASSERT_EQ(loaded.error().size(), 1U);
    EXPECT_THAT(loaded.error()[0].line(), HasSubstr(file.at("2:8") + ": not valid TOML: "));
}

TEST(config_load, a_missing_file_is_a_problem_and_the_rest_is_still_checked) {
    const auto loaded = load({"/nonexistent/modax.toml", {"http.prot=1"}, {}});
    ASSERT_FALSE(loaded);
    ASSERT_EQ(loaded.error().size(), 2U);
    EXPECT_THAT(loaded.error()[0].line(), HasSubstr("/nonexistent/modax.toml: cannot open"));
    EXPECT_THAT(loaded.error()[1].line(), HasSubstr("--set: http.prot: unknown key"));
}

TEST(config_load, a_directory_is_no_file) {
    const auto loaded = load({"/", {}, {}});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error()[0].line(), HasSubstr("/: cannot read '/'"));
}

TEST(config_load, a_set_without_equals_sign_is_explained) {
    const auto problems = problems_of_sets({"http.port"});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(
        problems[0].line(),
        "--set: http.port: has no '='; write --set key=value, for example http.port=8080"
    );
}

TEST(config_load, names_the_environment_variable_that_is_wrong) {
    const auto loaded =
        load({std::nullopt, {}, environment_of({{"MODAX_HTTP_ENABLED", "perhaps"}})});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(
        loaded.error().at(0).line(),
        "environment MODAX_HTTP_ENABLED: http.enabled: 'perhaps' is not valid here; write true or "
        "false"
    );
}

TEST(config_load, a_secret_in_plain_text_is_refused_and_never_shown) {
    const std::string canary = "canary-hunter2";
    const ConfigFile file{"[uplink]\npassword = \"" + canary + "\"\n"};
    const auto by_file = load({file.path(), {}, {}});
    const auto by_environment =
        load({std::nullopt, {}, environment_of({{"MODAX_UPLINK_PASSWORD", canary}})});
    const auto by_set = load({std::nullopt, {"uplink.password=" + canary}, {}});
    const auto by_wrong_sign = load({std::nullopt, {"uplink.password:" + canary}, {}});
    const auto by_wrong_name = load({std::nullopt, {"uplink.pasword=" + canary}, {}});
    const auto by_bad_reference = load({std::nullopt, {"uplink.password=env:" + canary}, {}});
    for (const auto& loaded :
         {by_file, by_environment, by_set, by_wrong_sign, by_wrong_name, by_bad_reference}) {
        ASSERT_FALSE(loaded);
        for (const Problem& problem : loaded.error()) {
            EXPECT_THAT(problem.line(), Not(HasSubstr("canary")));
        }
    }
    EXPECT_THAT(by_file.error()[0].line(), HasSubstr(file.at("2:12") + ": uplink.password: "));
    EXPECT_THAT(by_file.error()[0].line(), HasSubstr("\"env:NAME\""));
}

TEST(config_load, a_problem_line_holds_no_control_characters) {
    const auto problems = problems_of("\"a\\u001b[31m\" = 1\n");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_THAT(problems[0].line(), HasSubstr("a?[31m"));
}

}  // namespace
}  // namespace modax::config
