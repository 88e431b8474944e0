// /pki/ca.crl: what the authorities of client certificates have revoked, where certificates of
// `modax pki` say that the list is. In DER form, as RFC 5280 (section 4.2.1.13) wants it.
#include "http/resources.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace modax::http {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeList {
    void operator()(X509_CRL* list) const { X509_CRL_free(list); }
};
using BioPointer = std::unique_ptr<BIO, FreeBio>;

class ListProducer final : public BodyProducer {
public:
    explicit ListProducer(std::filesystem::path file) : file_{std::move(file)} {}

    // The first list of the file: clients ask for that of the authority that names the place.
    Result<bool> produce(std::string& out) override {
        const BioPointer in{BIO_new_file(file_.c_str(), "r")};
        const std::unique_ptr<X509_CRL, FreeList> list{
            in ? PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr) : nullptr};
        unsigned char* der = nullptr;
        const int size = list ? i2d_X509_CRL(list.get(), &der) : -1;
        ERR_clear_error();
        if (size < 0) {
            return fail(
                Errc::unavailable, "the revocation list can't be read; tls.client_crl_file names it"
            );
        }
        out.assign(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
        OPENSSL_free(der);
        return false;
    }

private:
    const std::filesystem::path file_;
};

}  // namespace

void get_revocation_list(const Call& call, Response& response) {
    const auto& file = call.services.options.client_crl_file;
    if (file.empty()) {
        set_problem(
            response,
            404,
            "this gateway publishes no revocation list; tls.client_crl_file names one",
            call.request.path
        );
        return;
    }
    response.content_type = "application/pkix-crl";
    response.producer = std::make_unique<ListProducer>(file);
}

}  // namespace modax::http
