// The development authority (PROMISES 3.4) and what certificates say, checked by OpenSSL's own
// verification.
#include "security/certificate.hpp"
#include "security/development_authority.hpp"
#include "security/openssl_objects.hpp"
#include "support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

namespace modax::security {
namespace {

using std::chrono::days;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::string k_url = "http://gw.example:8080/pki/ca.crl";

CertificatePointer parse(const std::string& pem) {
    const BioPointer text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    return CertificatePointer{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
}

// What OpenSSL says about it on a day: "ok", or the reason. With a revocation list it is checked.
std::string verify(
    const std::string& certificate,
    const std::string& authority,
    int purpose,
    Timestamp when,
    const std::string& revocation_list = {}
) {
    const CertificatePointer leaf = parse(certificate);
    const CertificatePointer root = parse(authority);
    const std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>> store{X509_STORE_new()};
    X509_STORE_add_cert(store.get(), root.get());
    if (!revocation_list.empty()) {
        const BioPointer text{
            BIO_new_mem_buf(revocation_list.data(), static_cast<int>(revocation_list.size()))};
        const RevocationListPointer list{
            PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr)};
        X509_STORE_add_crl(store.get(), list.get());
        X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK);
    }
    const std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>> context{
        X509_STORE_CTX_new()};
    X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
    X509_STORE_CTX_set_purpose(context.get(), purpose);
    X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_time(context.get(), 0, to_micros(when) / 1'000'000);
    if (X509_verify_cert(context.get()) == 1) return "ok";
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

class PkiTest : public ::testing::Test {
protected:
    DevelopmentAuthority authority(const std::vector<std::string>& hosts) {
        auto made = DevelopmentAuthority::create(hosts, days{90}, k_url, clock_);
        EXPECT_TRUE(made) << made.error().detail;
        return std::move(*made);
    }
    test::ManualClock clock_;
};

TEST_F(PkiTest, VouchesForServerAndClientsUntilItEnds) {
    const auto made = authority({"gw.example", "10.1.2.3"});
    const auto own = made.pem();
    const auto server = made.issue_server({"gw.example", "localhost", "10.1.2.3", "::1"});
    ASSERT_FALSE(server) << "localhost is not among its hosts";
    const auto right = made.issue_server({"gw.example", "10.1.2.3", "127.0.0.1", "::1"});
    ASSERT_TRUE(right) << right.error().detail;
    const auto client = made.issue_client("mes-integration");
    ASSERT_TRUE(client) << client.error().detail;
    const auto now = clock_.now();
    const auto& root = own->certificate;
    EXPECT_EQ(verify(right->certificate, root, X509_PURPOSE_SSL_SERVER, now), "ok");
    EXPECT_EQ(verify(client->certificate, root, X509_PURPOSE_SSL_CLIENT, now), "ok");
    EXPECT_NE(verify(client->certificate, root, X509_PURPOSE_SSL_SERVER, now), "ok");
    EXPECT_THAT(
        verify(right->certificate, root, X509_PURPOSE_SSL_SERVER, now + days{91}),
        HasSubstr("expired")
    );
}

TEST_F(PkiTest, EveryNameOfAUserMakesACertificateThatHolds) {
    const auto made = authority({"localhost"});
    const auto root = made.pem()->certificate;
    for (const std::string name :
         {"a",
          "scada_client",
          "wincc.line-2",
          "-x-",
          "Ünal",
          "a23456789012345678901234567890123456789012345678901234567890abcd"}) {
        const auto client = made.issue_client(name);
        ASSERT_TRUE(client) << name << client.error().detail;
        EXPECT_EQ(verify(client->certificate, root, X509_PURPOSE_SSL_CLIENT, clock_.now()), "ok")
            << name;
        EXPECT_EQ(read_certificate(client->certificate)->subject, name);
    }
    EXPECT_FALSE(made.issue_client(""));
    EXPECT_FALSE(made.issue_client(std::string(65, 'a')));
}

TEST_F(PkiTest, MayNotVouchForOthers) {
    const auto made = authority({"gw.example"});
    const auto other = made.issue_server({"bank.example"});
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().detail, HasSubstr("may not vouch for"));
    EXPECT_FALSE(made.issue_server({"8.8.8.8"}));
    EXPECT_FALSE(made.issue_server({}));
}

TEST_F(PkiTest, RefusesHostsThatAreNoneAndLifetimesOutOfRange) {
    for (const std::string host : {"", "a b", "x,DNS:bank.example", "-a", "a..b", "*.example"}) {
        EXPECT_FALSE(DevelopmentAuthority::create({host}, days{90}, k_url, clock_)) << host;
    }
    EXPECT_FALSE(DevelopmentAuthority::create({"a"}, days{0}, k_url, clock_));
    EXPECT_FALSE(DevelopmentAuthority::create({"a"}, days{826}, k_url, clock_));
}

TEST_F(PkiTest, IsTakenUpAgainFromItsFiles) {
    const auto own = authority({"gw.example"}).pem();
    const auto again = DevelopmentAuthority::load(own->certificate, own->key, clock_);
    ASSERT_TRUE(again) << again.error().detail;
    const auto client = again->issue_client("u");
    EXPECT_EQ(
        verify(client->certificate, own->certificate, X509_PURPOSE_SSL_CLIENT, clock_.now()), "ok"
    );
    const auto stranger = authority({"gw.example"}).pem();
    EXPECT_FALSE(DevelopmentAuthority::load(own->certificate, stranger->key, clock_));
    EXPECT_FALSE(DevelopmentAuthority::load("nonsense", Secret{"nonsense"}, clock_));
}

TEST_F(PkiTest, TellsWhatACertificateSays) {
    const auto made = authority({"gw.example"});
    const auto server = made.issue_server({"gw.example", "127.0.0.1"});
    const auto facts = read_certificate(server->certificate);
    ASSERT_TRUE(facts) << facts.error().detail;
    EXPECT_EQ(facts->subject, "gw.example");
    EXPECT_EQ(facts->issuer, "MODAX DEV CA (not for production)");
    EXPECT_TRUE(facts->development);
    EXPECT_THAT(facts->names, Contains("127.0.0.1"));
    EXPECT_EQ(facts->thumbprint.size(), 64U);
    EXPECT_EQ(facts->not_after, std::chrono::floor<std::chrono::seconds>(clock_.now() + days{90}));
    EXPECT_FALSE(read_certificate(server->key.reveal()));
}

TEST_F(PkiTest, RevokesSomeAndKeepsThemRevoked) {
    const auto made = authority({"gw.example"});
    const auto root = made.pem()->certificate;
    const auto first = made.issue_client("first")->certificate;
    const auto second = made.issue_client("second")->certificate;
    const auto check = [&](const std::string& certificate, const std::string& list) {
        return verify(certificate, root, X509_PURPOSE_SSL_CLIENT, clock_.now(), list);
    };
    const auto nobody = made.revocation_list({}, {});
    ASSERT_TRUE(nobody) << nobody.error().detail;
    EXPECT_EQ(check(first, *nobody), "ok");

    const auto one = made.revocation_list(*nobody, {first});
    ASSERT_TRUE(one) << one.error().detail;
    EXPECT_EQ(check(first, *one), "certificate revoked");
    EXPECT_EQ(check(second, *one), "ok");

    const auto both = made.revocation_list(*one, {second, second});
    ASSERT_TRUE(both) << both.error().detail;
    EXPECT_EQ(check(first, *both), "certificate revoked");
    EXPECT_EQ(check(second, *both), "certificate revoked");
    const auto facts = read_revocation_list(*both);
    ASSERT_TRUE(facts) << facts.error().detail;
    EXPECT_EQ(facts->revoked, 2U);
    EXPECT_EQ(facts->issuer, "MODAX DEV CA (not for production)");
    EXPECT_EQ(facts->next_update, read_certificate(root)->not_after);
}

TEST_F(PkiTest, RevokesOnlyItsOwn) {
    const auto made = authority({"gw.example"});
    const auto stranger = authority({"gw.example"}).issue_client("u")->certificate;
    const auto refused = made.revocation_list({}, {stranger});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("not made by this authority"));
    EXPECT_FALSE(made.revocation_list({}, {"nonsense"}));
    EXPECT_FALSE(made.revocation_list("nonsense", {}));
    EXPECT_FALSE(read_revocation_list("nonsense"));
}

TEST_F(PkiTest, NamesThePlaceOfTheListInWhatItMakes) {
    const auto made = authority({"gw.example"});
    const auto server = parse(made.issue_server({"gw.example"})->certificate);
    const std::unique_ptr<CRL_DIST_POINTS, FreeWith<CRL_DIST_POINTS_free>> points{
        static_cast<CRL_DIST_POINTS*>(
            X509_get_ext_d2i(server.get(), NID_crl_distribution_points, nullptr, nullptr)
        )};
    ASSERT_EQ(sk_DIST_POINT_num(points.get()), 1);
    const auto* name =
        sk_GENERAL_NAME_value(sk_DIST_POINT_value(points.get(), 0)->distpoint->name.fullname, 0);
    const auto* url = ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
    EXPECT_EQ(reinterpret_cast<const char*>(url), k_url);
    for (const std::string wrong : {"https://gw.example/", "http://", "http://a,URI:http://b"}) {
        EXPECT_FALSE(DevelopmentAuthority::create({"a"}, days{90}, wrong, clock_)) << wrong;
    }
}

}  // namespace
}  // namespace modax::security
