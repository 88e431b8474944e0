#include "security/api_keys.hpp"

#include "security/base62.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_key_store.hpp"

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
        auto created = keys_.create(spec);
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

    test::MemoryKeyStore store_;
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
    const auto principal = keys_.authenticate(create().text.reveal());
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
    EXPECT_FALSE(later.authenticate(text));
    ASSERT_TRUE(later.load());
    EXPECT_TRUE(later.authenticate(text));
    EXPECT_EQ(later.list().size(), 1U);
}

TEST_F(ApiKeysTest, a_key_of_another_environment_is_refused) {
    ApiKeys production{store_, clock_, random_, "prod"};
    const std::string text = create().text.reveal();
    ASSERT_TRUE(production.load());
    EXPECT_FALSE(production.authenticate(text));
}

TEST_F(ApiKeysTest, any_changed_character_is_refused) {
    const std::string text = create().text.reveal();
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        EXPECT_FALSE(keys_.authenticate(changed)) << i;
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
        EXPECT_FALSE(keys_.authenticate(junk));
    }
}

TEST_F(ApiKeysTest, wrong_secret_and_unknown_id_get_the_same_answer) {
    const CreatedKey created = create();
    const std::string other(32, 'a');
    const auto wrong_secret =
        keys_.authenticate(sealed("modax_dev_" + created.key.id + '_' + other));
    const auto unknown_id =
        keys_.authenticate(sealed("modax_dev_00000000_" + created.text.reveal().substr(19, 32)));
    const auto junk = keys_.authenticate("junk");
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
    EXPECT_TRUE(keys_.authenticate(created.text.reveal()));
    clock_.advance(std::chrono::microseconds{1});
    EXPECT_FALSE(keys_.authenticate(created.text.reveal()));
    EXPECT_EQ(denied().at("expired"), 1);
}

TEST_F(ApiKeysTest, a_revoked_key_is_refused_at_once) {
    const CreatedKey kept = create();
    const CreatedKey revoked = create();
    ASSERT_TRUE(keys_.revoke(revoked.key.id));
    EXPECT_FALSE(keys_.authenticate(revoked.text.reveal()));
    EXPECT_TRUE(keys_.authenticate(kept.text.reveal()));
    EXPECT_EQ(denied().at("revoked"), 1);
    EXPECT_EQ(keys_.revoke("nobody00").error().code, Errc::not_found);
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
        {{"a", {"*"}, {}, now}, "expires:"}};
    for (const auto& [spec, text] : wrong) {
        const auto created = keys_.create(spec);
        ASSERT_FALSE(created) << text;
        EXPECT_EQ(created.error().code, Errc::invalid_argument);
        EXPECT_THAT(created.error().detail, HasSubstr(text));
    }
    EXPECT_TRUE(keys_.list().empty());
}

TEST_F(ApiKeysTest, a_store_that_fails_gives_no_key_and_keeps_the_old_ones) {
    const CreatedKey old = create();
    store_.fail_with(Error{Errc::io_error, "disk"});
    EXPECT_EQ(keys_.create({"a", {"*"}, {}, {}}).error().code, Errc::io_error);
    EXPECT_EQ(keys_.load().error().code, Errc::io_error);
    EXPECT_EQ(keys_.revoke(old.key.id).error().code, Errc::io_error);
    EXPECT_TRUE(keys_.authenticate(old.text.reveal()));
}

TEST_F(ApiKeysTest, a_damaged_hash_is_refused_at_start) {
    ASSERT_TRUE(store_.insert({"damaged0", "a", "short", {"*"}, {}, clock_.now(), {}, false}));
    EXPECT_EQ(keys_.load().error().code, Errc::data_loss);
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
    ASSERT_TRUE(keys_.revoke(created.key.id));
    EXPECT_THAT(keys_.authenticate(created.text.reveal()).error().detail, Not(HasSubstr(secret)));
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
                while (!stop) refused += keys_.authenticate(text) ? 0 : 1;
            });
        }
        for (int i = 0; i < 50; ++i) EXPECT_TRUE(keys_.revoke(create().key.id));
        stop = true;
    }
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(keys_.list().size(), 51U);
}

}  // namespace
}  // namespace modax::security
