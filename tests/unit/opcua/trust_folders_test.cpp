#include "opcua/trust_folders.hpp"

#include "support/recording_log.hpp"
#include "support/temporary_directory.hpp"
#include "unit/opcua/made_certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace modax::opcua {
namespace {

class TrustFoldersTest : public ::testing::Test {
protected:
    TrustFoldersTest() { EXPECT_TRUE(folders_.open()); }

    test::TemporaryDirectory directory_;
    PosixFileSystem files_;
    SystemClock clock_;
    test::RecordingLog log_;
    TrustFolders folders_{directory_.path() / "opcua", files_, clock_, log_};
    const std::string der_ = to_der(*make_certificate({}));
};

TEST_F(TrustFoldersTest, a_rejected_certificate_is_listed_with_its_reason_and_then_trusted) {
    const auto finding = folders_.check(der_);
    EXPECT_EQ(finding.code, "unknown_issuer");
    ASSERT_TRUE(folders_.keep_rejected(der_, finding));
    auto listed = folders_.list();
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ(listed->front().state, OpcUaCertificate::State::rejected);
    EXPECT_EQ(listed->front().finding.code, finding.code);
    EXPECT_EQ(listed->front().finding.fix, finding.fix);

    const auto thumbprint = listed->front().thumbprint;
    const auto trusted = folders_.trust(thumbprint.substr(0, 8));
    ASSERT_TRUE(trusted) << trusted.error().detail;
    EXPECT_EQ(folders_.check(der_).code, "");
    ASSERT_TRUE(folders_.untrust(thumbprint));
    EXPECT_EQ(folders_.check(der_).code, "unknown_issuer");
}

TEST_F(TrustFoldersTest, a_file_that_nobody_can_read_locks_nobody_out) {
    const auto certs = directory_.path() / "opcua/trusted/certs";
    ASSERT_TRUE(files_.write_atomic(certs / "a.txt", "not a certificate", 0600));
    ASSERT_TRUE(files_.write_atomic(certs / "b.der", der_, 0600));
    folders_.look();
    EXPECT_EQ(folders_.check(der_).code, "");
    EXPECT_THAT(log_.lines(LogLevel::warn), ::testing::ElementsAre(::testing::HasSubstr("a.txt")));
}

TEST_F(TrustFoldersTest, only_so_many_rejected_ones_are_kept) {
    for (long serial = 1; serial <= 103; ++serial) {
        CertificateWish wish;
        wish.serial = serial;
        const auto der = to_der(*make_certificate(wish));
        ASSERT_TRUE(folders_.keep_rejected(der, {"unknown_issuer", "fix"}));
    }
    const auto listed = folders_.list();
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->size(), 100U);
}

TEST_F(TrustFoldersTest, what_is_not_there_or_not_clear_is_an_error) {
    EXPECT_EQ(folders_.trust("00112233").error().code, Errc::not_found);
    EXPECT_EQ(folders_.trust("0011").error().code, Errc::invalid_argument);
}

TEST_F(TrustFoldersTest, what_is_no_certificate_is_refused) {
    EXPECT_EQ(folders_.check("garbage").code, "not_a_certificate");
}

}  // namespace
}  // namespace modax::opcua
