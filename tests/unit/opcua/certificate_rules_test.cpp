#include "opcua/certificate_rules.hpp"

#include "core/clock.hpp"
#include "unit/opcua/made_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::opcua {
namespace {

using ::testing::HasSubstr;

CertificateFinding form_of(const CertificateWish& wish) {
    return check_form(*make_certificate(wish), SystemClock{}.now());
}

TEST(opcua_certificate_rules, a_good_one_has_no_finding) {
    EXPECT_EQ(form_of({}).code, "");
}

TEST(opcua_certificate_rules, time_is_told_with_the_difference_of_the_clocks) {
    CertificateWish early;
    early.from_seconds = 7200;
    const auto finding = form_of(early);
    EXPECT_EQ(finding.code, "not_yet_valid");
    EXPECT_THAT(finding.fix, ::testing::ContainsRegex("7(19|20)[0-9] s"));
    CertificateWish late;
    late.until_seconds = -60;
    EXPECT_EQ(form_of(late).code, "expired");
}

TEST(opcua_certificate_rules, each_wrong_form_has_a_code_and_a_fix_of_its_own) {
    const KeyPointer short_key{EVP_RSA_gen(1024U)};
    const KeyPointer curve{EVP_EC_gen("P-256")};
    CertificateWish authority;
    authority.constraints = "critical,CA:TRUE";
    CertificateWish sha1;
    sha1.digest = EVP_sha1();
    CertificateWish small;
    small.key = short_key.get();
    CertificateWish elliptic;
    elliptic.key = curve.get();
    CertificateWish usage;
    usage.usage = "digitalSignature";
    CertificateWish no_usage;
    no_usage.usage = "";
    CertificateWish extended;
    extended.extended = "codeSigning";
    const std::pair<const CertificateWish*, std::string> cases[]{
        {&authority, "ca_flag"},
        {&sha1, "sha1_signature"},
        {&small, "short_key"},
        {&elliptic, "policy_mismatch"},
        {&usage, "key_usage"},
        {&no_usage, "key_usage"},
        {&extended, "extended_key_usage"}};
    for (const auto& [wish, code] : cases) {
        const auto finding = form_of(*wish);
        EXPECT_EQ(finding.code, code);
        EXPECT_FALSE(finding.fix.empty()) << code;
    }
}

TEST(opcua_certificate_rules, the_application_uri_must_be_the_one_of_the_certificate) {
    const auto certificate = make_certificate({});
    EXPECT_EQ(check_uri(*certificate, "urn:modax:test-client").code, "");
    const auto finding = check_uri(*certificate, "urn:other");
    EXPECT_EQ(finding.code, "uri_mismatch");
    EXPECT_THAT(finding.fix, HasSubstr("urn:modax:test-client"));
}

TEST(opcua_certificate_rules, an_empty_trust_list_means_nobody) {
    const auto certificate = make_certificate({});
    EXPECT_EQ(check_trust(*certificate, {}).code, "unknown_issuer");
}

TEST(opcua_certificate_rules, a_trusted_one_is_trusted_and_its_twin_is_not) {
    TrustedCertificates trust;
    trust.trusted.push_back(make_certificate({}));
    const auto same = parse_certificate(to_der(*trust.trusted.front()));
    EXPECT_EQ(check_trust(*same, trust).code, "");
    CertificateWish twin;
    twin.serial = 2;
    EXPECT_EQ(check_trust(*make_certificate(twin), trust).code, "unknown_issuer");
}

class OfAnAuthority : public ::testing::Test {
protected:
    OfAnAuthority() {
        CertificateWish wish;
        wish.name = "authority";
        wish.constraints = "critical,CA:TRUE";
        wish.usage = "keyCertSign,cRLSign";
        wish.extended = "";
        wish.key = key_.get();
        authority_ = make_certificate(wish);
    }
    CertificatePointer issued(long serial) {
        CertificateWish wish;
        wish.serial = serial;
        wish.issuer = authority_.get();
        wish.issuer_key = key_.get();
        return make_certificate(wish);
    }
    CertificatePointer authority() { return parse_certificate(to_der(*authority_)); }

    KeyPointer key_{EVP_RSA_gen(2048U)};
    CertificatePointer authority_;
};

TEST_F(OfAnAuthority, trust_in_the_authority_is_enough_with_its_revocation_list) {
    TrustedCertificates trust;
    trust.trusted.push_back(authority());
    EXPECT_EQ(check_trust(*issued(7), trust).code, "revocation_unknown");
    trust.revocation_lists.push_back(make_revocation_list(*authority_, key_.get(), 0));
    EXPECT_EQ(check_trust(*issued(7), trust).code, "");
}

TEST_F(OfAnAuthority, a_revoked_one_is_refused_also_when_it_is_trusted_itself) {
    TrustedCertificates trust;
    trust.trusted.push_back(issued(7));
    trust.issuers.push_back(authority());
    trust.revocation_lists.push_back(make_revocation_list(*authority_, key_.get(), 7));
    EXPECT_EQ(check_trust(*trust.trusted.front(), trust).code, "revoked");
    EXPECT_EQ(check_trust(*issued(8), trust).code, "unknown_issuer");
}

TEST_F(OfAnAuthority, an_issuer_alone_vouches_for_nobody) {
    TrustedCertificates trust;
    trust.issuers.push_back(authority());
    trust.revocation_lists.push_back(make_revocation_list(*authority_, key_.get(), 0));
    EXPECT_EQ(check_trust(*issued(7), trust).code, "unknown_issuer");
}

}  // namespace
}  // namespace modax::opcua
