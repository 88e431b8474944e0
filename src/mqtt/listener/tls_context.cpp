#include "mqtt/listener/tls_context.hpp"

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string_view>

namespace modax::mqtt {
namespace {

namespace ssl = boost::asio::ssl;

constexpr const char* k_ciphers_tls_1_2 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

}  // namespace

Result<std::unique_ptr<ssl::context>> make_server_context(const ListenerOptions& options) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(
        context->native_handle(),
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_cipher_list(context->native_handle(), k_ciphers_tls_1_2);
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);

    boost::system::error_code error;
    const auto refused = [&error](std::string_view what, const std::filesystem::path& file) {
        return fail(
            Errc::invalid_argument,
            "cannot use the " + std::string{what} + " '" + file.string() + "': " + error.message()
        );
    };
    context->use_certificate_chain_file(options.certificate_file.string(), error);
    if (error) return refused("certificate", options.certificate_file);
    context->use_private_key_file(options.key_file.string(), ssl::context::pem, error);
    if (error) return refused("private key", options.key_file);
    if (!options.client_ca_file.empty()) {
        context->load_verify_file(options.client_ca_file.string(), error);
        if (error) return refused("CA of client certificates", options.client_ca_file);
        if (!options.client_crl_file.empty()) {
            X509_STORE* store = SSL_CTX_get_cert_store(context->native_handle());
            X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
            const auto file = options.client_crl_file.string();
            if (X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) < 1) {
                error = {static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()};
                return refused("revocation list", options.client_crl_file);
            }
            X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
        }
        auto mode = ssl::verify_peer;
        if (options.require_client_certificate) mode |= ssl::verify_fail_if_no_peer_cert;
        context->set_verify_mode(mode, error);
        if (error) return refused("CA of client certificates", options.client_ca_file);
        constexpr unsigned char k_session_context[] = "modax-mqtt";
        SSL_CTX_set_session_id_context(
            context->native_handle(), k_session_context, sizeof(k_session_context) - 1
        );
    }
    return context;
}

}  // namespace modax::mqtt
