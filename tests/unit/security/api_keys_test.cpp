#include "security/api_keys.hpp"

#include "security/base62.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_identity_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <sstream>
#include <thread>

namespace modax::security {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view k_address = "127.0.0.1";

Result<Principal> check(
    const ApiKeys& keys, const std::string& text, std::string_view from = k_address
) {
    return keys.authenticate({text, from});
}

class DenialSink final : public MetricSink {
public:
    void counter(std::string_view, std::string_view, double value, MetricLabels labels) override {
        denied[std::string{labels.begin()->second}] = value;
    }
    void gauge(std::string_view, std::string_view, double, MetricLabels) override {}
    std::map<std::string, double> denied;
};

class ApiKeysTest : public ::testing::Test {
protected:
    CreatedKey create(KeySpec spec = {"reader", {"readings:read"}, {"cnc-*"}, std::nullopt}) {
        auto created = keys_.create(spec, origin_);
        EXPECT_TRUE(created) << created.error().detail;
        return std::move(*created);
    }
    std::map<std::string, double> denied() const {
        DenialSink sink;
        keys_.collect(sink);
        return sink.denied;
    }
    // With the right checksum.
    static std::string sealed(const std::string& body) { return body + to_base62(crc32(body), 6); }

    test::MemoryIdentityStore store_;
    AuditEntry origin_;
    test::ManualClock clock_;
    SystemRandom random_;
    ApiKeys keys_{store_, clock_, random_, "dev"};
};

TEST_F(ApiKeysTest, a_key_has_the_promised_form) {
    const CreatedKey created = create();
    const std::string& text = created.text.reveal();
    EXPECT_EQ(text.size(), 6U + 4U + 8U + 1U + 32U + 6U);
    EXPECT_TRUE(text.starts_with("modax_dev_" + created.key.id + "_"));
    EXPECT_TRUE(is_base62(text.substr(19)));
    EXPECT_EQ(text.substr(51), to_base62(crc32(text.substr(0, 51)), 6));
}

TEST_F(ApiKeysTest, a_key_gives_its_principal) {
    const auto principal = check(keys_, create().text.reveal());
    ASSERT_TRUE(principal);
    EXPECT_EQ(principal->kind, "api_key");
    EXPECT_EQ(principal->name, "reader");
    EXPECT_TRUE(principal->may("readings:read", "cnc-01"));
    EXPECT_FALSE(principal->may("readings:read", "press-01"));
    EXPECT_FALSE(principal->may("keys:write"));
}

TEST_F(ApiKeysTest, keys_outlive_the_process) {
    const std::string text = create().text.reveal();
    ApiKeys later{store_, clock_, random_, "dev"};
    EXPECT_FALSE(check(later, text));
    ASSERT_TRUE(later.load());
    EXPECT_TRUE(check(later, text));
    EXPECT_EQ(later.list().size(), 1U);
}

TEST_F(ApiKeysTest, a_key_of_another_environment_is_refused) {
    ApiKeys production{store_, clock_, random_, "prod"};
    const std::string text = create().text.reveal();
    ASSERT_TRUE(production.load());
    EXPECT_FALSE(check(production, text));
}

TEST_F(ApiKeysTest, any_changed_character_is_refused) {
    const std::string text = create().text.reveal();
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(check(keys_, changed)) << i;
    }
    EXPECT_EQ(denied().at("malformed"), static_cast<double>(text.size()));
}

TEST_F(ApiKeysTest, junk_is_refused) {
    const std::string text = create().text.reveal();
    for (const std::string& junk :
         {std::string{},
          std::string{"modax_dev_"},
          text.substr(1),
          text + "a",
          std::string(57, '\0'),
          std::string(1'000'000, 'a')}) {
        EXPECT_FALSE(check(keys_, junk));
    }
}

TEST_F(ApiKeysTest, wrong_secret_and_unknown_id_get_the_same_answer) {
    const CreatedKey created = create();
    const std::string other(32, 'a');
    const auto wrong_secret = check(keys_, sealed("modax_dev_" + created.key.id + '_' + other));
    const auto unknown_id =
        check(keys_, sealed("modax_dev_00000000_" + created.text.reveal().substr(19, 32)));
    const auto junk = check(keys_, "junk");
    ASSERT_FALSE(wrong_secret);
    ASSERT_FALSE(unknown_id);
    EXPECT_EQ(wrong_secret.error(), unknown_id.error());
    EXPECT_EQ(wrong_secret.error(), junk.error());
    EXPECT_EQ(wrong_secret.error().code, Errc::unauthenticated);
    EXPECT_EQ(denied().at("unknown"), 2);
}

TEST_F(ApiKeysTest, expires_by_the_clock_to_the_microsecond) {
    const auto expires = clock_.now() + std::chrono::hours{1};
    const CreatedKey created = create({"short", {"*"}, {}, expires});
    clock_.advance(std::chrono::hours{1} - std::chrono::microseconds{1});
    EXPECT_TRUE(check(keys_, created.text.reveal()));
    clock_.advance(std::chrono::microseconds{1});
    EXPECT_FALSE(check(keys_, created.text.reveal()));
    EXPECT_EQ(denied().at("expired"), 1);
}

TEST_F(ApiKeysTest, a_revoked_key_is_refused_at_once) {
    const CreatedKey kept = create();
    const CreatedKey revoked = create();
    ASSERT_TRUE(keys_.revoke(revoked.key.id, origin_));
    EXPECT_FALSE(check(keys_, revoked.text.reveal()));
    EXPECT_TRUE(check(keys_, kept.text.reveal()));
    EXPECT_EQ(denied().at("revoked"), 1);
    EXPECT_EQ(keys_.revoke("nobody00", origin_).error().code, Errc::not_found);
}

TEST_F(ApiKeysTest, lists_all_keys_oldest_first) {
    create({"first", {"*"}, {}, std::nullopt});
    clock_.advance(std::chrono::seconds{1});
    create({"second", {"*"}, {}, std::nullopt});
    const auto listed = keys_.list();
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[0].name, "first");
    EXPECT_EQ(listed[1].name, "second");
}

TEST_F(ApiKeysTest, what_a_key_can_not_be_is_explained) {
    const auto now = clock_.now();
    const std::vector<std::pair<KeySpec, std::string>> wrong{
        {{"", {"*"}, {}, {}}, "name:"},
        {{std::string(65, 'a'), {"*"}, {}, {}}, "name:"},
        {{"a\nb", {"*"}, {}, {}}, "name:"},
        {{"a", {}, {}, {}}, "scopes:"},
        {{"a", {"readings"}, {}, {}}, "scopes: 'readings'"},
        {{"a", {"a:b:c"}, {}, {}}, "scopes: 'a:b:c'"},
        {{"a", {"*"}, {"a/b"}, {}}, "devices: 'a/b'"},
        {{"a", {"*"}, {}, {}, {"10.0.0.1/8"}}, "networks: '10.0.0.1/8'"},
        {{"a", {"*"}, {}, {}, {"plant"}}, "networks: 'plant'"},
        {{"a", {"*"}, {}, now}, "expires:"}};
    for (const auto& [spec, text] : wrong) {
        const auto created = keys_.create(spec, origin_);
        ASSERT_FALSE(created) << text;
        EXPECT_EQ(created.error().code, Errc::invalid_argument);
        EXPECT_THAT(created.error().detail, HasSubstr(text));
    }
    EXPECT_TRUE(keys_.list().empty());
}

TEST_F(ApiKeysTest, a_store_that_fails_gives_no_key_and_keeps_the_old_ones) {
    const CreatedKey old = create();
    store_.fail_with(Error{Errc::io_error, "disk"});
    EXPECT_EQ(keys_.create({"a", {"*"}, {}, {}}, origin_).error().code, Errc::io_error);
    EXPECT_EQ(keys_.load().error().code, Errc::io_error);
    EXPECT_EQ(keys_.revoke(old.key.id, origin_).error().code, Errc::io_error);
    EXPECT_TRUE(check(keys_, old.text.reveal()));
}

TEST_F(ApiKeysTest, a_damaged_hash_is_refused_at_start) {
    const ApiKey damaged{"damaged0", "a", "short", {"*"}, {}, clock_.now(), {}, false};
    ASSERT_TRUE(store_.insert(damaged, origin_));
    EXPECT_EQ(keys_.load().error().code, Errc::data_loss);
}

TEST_F(ApiKeysTest, a_key_works_only_from_its_networks) {
    const CreatedKey key = create({"a", {"*"}, {}, {}, {"10.1.0.0/16", "fd00::/8", "192.0.2.7"}});
    const auto& text = key.text.reveal();
    for (const auto* from : {"10.1.255.3", "::ffff:10.1.0.1", "fd12::1", "192.0.2.7"}) {
        EXPECT_TRUE(check(keys_, text, from)) << from;
    }
    for (const auto* from : {"10.2.0.1", "fe80::1", "192.0.2.8", "", "nonsense"}) {
        EXPECT_FALSE(check(keys_, text, from)) << from;
    }
    EXPECT_EQ(denied().at("network"), 5);
}

TEST_F(ApiKeysTest, a_rotated_key_works_beside_its_successor_until_the_overlap_ends) {
    const auto lifetime = std::chrono::days{90};
    const CreatedKey old =
        create({"sap", {"readings:read"}, {"cnc-*"}, clock_.now() + lifetime, {"127.0.0.0/8"}});
    clock_.advance(std::chrono::days{80});
    const auto fresh = keys_.rotate(old.key.id, std::chrono::days{7}, origin_);
    ASSERT_TRUE(fresh) << fresh.error().detail;
    EXPECT_EQ(fresh->key.scopes, old.key.scopes);
    EXPECT_EQ(fresh->key.devices, old.key.devices);
    EXPECT_EQ(fresh->key.networks, old.key.networks);
    EXPECT_EQ(fresh->key.expires, clock_.now() + lifetime);
    const auto both = check(keys_, old.text.reveal());
    ASSERT_TRUE(both);
    EXPECT_EQ(both->successor, fresh->key.id);
    EXPECT_TRUE(check(keys_, fresh->text.reveal()));
    clock_.advance(std::chrono::days{7});
    EXPECT_FALSE(check(keys_, old.text.reveal()));
    EXPECT_TRUE(check(keys_, fresh->text.reveal()));
}

TEST_F(ApiKeysTest, what_can_not_be_rotated_is_explained) {
    const CreatedKey key = create();
    EXPECT_EQ(
        keys_.rotate(key.key.id, std::chrono::days{31}, origin_).error().code,
        Errc::invalid_argument
    );
    EXPECT_EQ(keys_.rotate("nobody00", {}, origin_).error().code, Errc::not_found);
    ASSERT_TRUE(keys_.rotate(key.key.id, std::chrono::days{30}, origin_));
    EXPECT_THAT(
        keys_.rotate(key.key.id, std::chrono::days{1}, origin_).error().detail,
        HasSubstr("rotated before")
    );
    const CreatedKey ended = create();
    ASSERT_TRUE(keys_.revoke(ended.key.id, origin_));
    EXPECT_FALSE(keys_.rotate(ended.key.id, std::chrono::days{1}, origin_));
}

TEST_F(ApiKeysTest, uses_are_written_down_at_most_once_a_minute) {
    const CreatedKey key = create();
    ASSERT_TRUE(keys_.note_uses());
    EXPECT_EQ(store_.uses_noted(), 0);
    ASSERT_TRUE(check(keys_, key.text.reveal()));
    ASSERT_TRUE(keys_.note_uses());
    clock_.advance(std::chrono::seconds{30});
    ASSERT_TRUE(check(keys_, key.text.reveal()));
    ASSERT_TRUE(keys_.note_uses());
    EXPECT_EQ(store_.uses_noted(), 1);
    EXPECT_EQ(keys_.list()[0].last_used, std::chrono::floor<std::chrono::seconds>(clock_.now()));
    clock_.advance(std::chrono::seconds{30});
    ASSERT_TRUE(check(keys_, key.text.reveal()));
    ASSERT_TRUE(keys_.note_uses());
    EXPECT_EQ(store_.uses_noted(), 2);
}

TEST_F(ApiKeysTest, an_end_is_told_14_7_and_1_days_ahead_once_each) {
    create({"sap", {"*"}, {}, clock_.now() + std::chrono::days{20}});
    create({"for ever", {"*"}, {}, {}});
    EXPECT_TRUE(keys_.newly_expiring().empty());
    for (const int days : {14, 7, 1}) {
        const auto target = *keys_.list()[0].expires - std::chrono::days{days};
        clock_.advance(std::chrono::duration_cast<std::chrono::microseconds>(target - clock_.now())
        );
        const auto told = keys_.newly_expiring();
        ASSERT_EQ(told.size(), 1U) << days;
        EXPECT_EQ(told[0].step, std::chrono::days{days});
        EXPECT_TRUE(keys_.newly_expiring().empty()) << days;
    }
    clock_.advance(std::chrono::days{2});
    EXPECT_TRUE(keys_.newly_expiring().empty()) << "it has ended";
}

TEST_F(ApiKeysTest, every_change_has_its_record_and_a_failed_one_has_none) {
    origin_.actor = "key:admin000";
    const CreatedKey key = create();
    ASSERT_TRUE(keys_.rotate(key.key.id, std::chrono::days{1}, origin_));
    ASSERT_TRUE(keys_.revoke(key.key.id, origin_));
    EXPECT_FALSE(keys_.revoke("nobody00", origin_));
    const auto records = store_.records();
    ASSERT_EQ(records.size(), 3U);
    const std::vector<std::string> actions{"key.create", "key.rotate", "key.revoke"};
    for (std::size_t i = 0; i < actions.size(); ++i) {
        EXPECT_EQ(records[i].action, actions[i]);
        EXPECT_EQ(records[i].actor, "key:admin000");
        EXPECT_EQ(records[i].object, "key:" + key.key.id);
        EXPECT_THAT(records[i].detail, Not(HasSubstr(key.text.reveal().substr(19, 32))));
    }
}

TEST_F(ApiKeysTest, the_secret_is_kept_and_printed_nowhere) {
    const CreatedKey created = create();
    const std::string secret = created.text.reveal().substr(19, 32);
    std::ostringstream printed;
    printed << created.text;
    EXPECT_EQ(printed.str(), "***");
    const auto stored = store_.keys();
    ASSERT_TRUE(stored);
    for (const ApiKey& key : *stored) {
        for (const std::string& kept : {key.id, key.name, key.secret_hash}) {
            EXPECT_THAT(kept, Not(HasSubstr(secret)));
        }
    }
    ASSERT_TRUE(keys_.revoke(created.key.id, origin_));
    EXPECT_THAT(check(keys_, created.text.reveal()).error().detail, Not(HasSubstr(secret)));
}

TEST_F(ApiKeysTest, an_environment_word_that_would_blur_the_form_is_refused) {
    for (const auto* word : {"", "Dev", "a_b", "thirteenchars"}) {
        EXPECT_THROW(ApiKeys(store_, clock_, random_, word), std::invalid_argument) << word;
    }
}

TEST_F(ApiKeysTest, keys_are_checked_while_others_are_made_and_revoked) {
    const std::string text = create().text.reveal();
    std::atomic<bool> stop{false};
    std::atomic<int> refused{0};
    {
        std::vector<std::jthread> checkers;
        for (int i = 0; i < 2; ++i) {
            checkers.emplace_back([&] {
                while (!stop) refused += check(keys_, text) ? 0 : 1;
            });
        }
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(keys_.revoke(create().key.id, origin_));
        stop = true;
    }
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(keys_.list().size(), 51U);
}

}  // namespace
}  // namespace modax::security
