#include "http/tls.hpp"

#include "http/server.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace modax::http {
namespace {

namespace ssl = boost::asio::ssl;

int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered, unsigned offered_size, void*) {
    static constexpr unsigned char k_http_1_1[] = "\x08http/1.1";
    unsigned char* selected = nullptr;
    const int found = SSL_select_next_proto(
        &selected, chosen_size, k_http_1_1, sizeof k_http_1_1 - 1, offered, offered_size
    );
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<ssl::context> make_tls_context(const ServerOptions& options) {
    ssl::context context{ssl::context::tls_server};
    SSL_CTX* native = context.native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, select_protocol, nullptr);
    boost::system::error_code failure;
    const auto refused =
        [&failure](std::string_view what, const std::filesystem::path& file, std::string_view fix) {
            std::string text = "the ";
            text.append(what) +=
                ' ' + file.string() + " can't be used: " + failure.message() + "; ";
            return fail(Errc::invalid_argument, text.append(fix));
        };
    const auto& certificate = options.certificate_file;
    context.use_certificate_chain_file(certificate.string(), failure);
    if (failure) {
        return refused(
            "TLS certificate", certificate, "give a PEM file with the chain, the server's first"
        );
    }
    context.use_private_key_file(options.key_file.string(), ssl::context::pem, failure);
    if (failure) {
        return refused(
            "TLS key", options.key_file, "give the PEM file that belongs to the certificate"
        );
    }
    if (options.client_ca_file.empty()) return context;
    context.load_verify_file(options.client_ca_file.string(), failure);
    if (!failure && !options.client_crl_file.empty()) {
        X509_STORE* store = SSL_CTX_get_cert_store(native);
        X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
        const auto file = options.client_crl_file.string();
        if (X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) < 1) {
            failure = {static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()};
            return refused("revocation list", options.client_crl_file, "give a PEM file");
        }
        X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    }
    auto mode = ssl::verify_peer;
    if (options.require_client_certificate) mode |= ssl::verify_fail_if_no_peer_cert;
    if (!failure) context.set_verify_mode(mode, failure);
    if (failure) {
        return refused(
            "authorities of client certificates", options.client_ca_file, "give a PEM file"
        );
    }
    constexpr std::string_view k_session_context = "modax-https";
    SSL_CTX_set_session_id_context(
        native,
        reinterpret_cast<const unsigned char*>(k_session_context.data()),
        k_session_context.size()
    );
    return context;
}

}  // namespace modax::http
