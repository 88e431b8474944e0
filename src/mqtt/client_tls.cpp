// TLS on the client's side: 1.2 and 1.3, and the server's name is always checked (RFC 6125).
#include "mqtt/client_link.hpp"
#include "mqtt/listener/transport_operations.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <string_view>
#include <utility>

namespace modax::mqtt {
namespace {

namespace ssl = boost::asio::ssl;

bool is_address(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

class ClientTlsTransport final : public Transport {
public:
    ClientTlsTransport(Socket socket, ssl::context& context, const std::string& host)
        : stream_{std::move(socket), context}, host_{host} {}
    ~ClientTlsTransport() override { close_socket(stream_.next_layer()); }

    void open(std::weak_ptr<TransportOwner> owner) override {
        owner_ = std::move(owner);
        const auto alive = owner_.lock();
        if (!prepare()) {
            alive->on_failure("TLS can't be prepared for the name '" + host_ + "'");
            return;
        }
        stream_.async_handshake(
            ssl::stream_base::client,
            [this, alive](const boost::system::error_code& failure) {
                if (failure) {
                    alive->on_failure(explain(failure));
                } else {
                    alive->on_open();
                }
            }
        );
    }
    void read(char* data, std::size_t size) override {
        stream_.async_read_some(boost::asio::buffer(data, size), read_handler(owner_.lock()));
    }
    void write(std::string_view bytes) override {
        boost::asio::async_write(
            stream_, boost::asio::buffer(bytes.data(), bytes.size()), write_handler(owner_.lock())
        );
    }
    void close() override { close_socket(stream_.next_layer()); }
    std::string certificate_subject() const override { return {}; }

private:
    // OpenSSL checks the name itself, so that the reason of a refusal names it.
    bool prepare() {
        SSL* const ssl = stream_.native_handle();
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
        X509_VERIFY_PARAM* const checks = SSL_get0_param(ssl);
        X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (is_address(host_)) return X509_VERIFY_PARAM_set1_ip_asc(checks, host_.c_str()) == 1;
        // Server Name Indication takes names only (RFC 6066, section 3).
        return X509_VERIFY_PARAM_set1_host(checks, host_.data(), host_.size()) == 1 &&
               SSL_set_tlsext_host_name(ssl, host_.c_str()) == 1;
    }
    std::string explain(const boost::system::error_code& failure) {
        const long verified = SSL_get_verify_result(stream_.native_handle());
        if (verified == X509_V_OK) return "TLS handshake: " + failure.message();
        return "the broker's certificate is not trusted for the name '" + host_ +
               "': " + X509_verify_cert_error_string(verified) +
               "; give the CA that signed it, and the name it was made for";
    }

    ssl::stream<Socket> stream_;
    std::string host_;
    std::weak_ptr<TransportOwner> owner_;
};

}  // namespace

Result<std::unique_ptr<ssl::context>> make_client_context(const ClientTls& tls) {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    boost::system::error_code error;
    const auto refused = [&error](std::string_view what, const std::filesystem::path& file) {
        return fail(
            Errc::invalid_argument,
            "cannot use the " + std::string{what} + " '" + file.string() + "': " + error.message()
        );
    };
    if (tls.ca_file.empty()) {
        context->set_default_verify_paths(error);
        if (error) return refused("CAs of the system", "");
    } else {
        context->load_verify_file(tls.ca_file.string(), error);
        if (error) return refused("CA", tls.ca_file);
    }
    if (tls.certificate_file.empty() != tls.key_file.empty()) {
        return fail(
            Errc::invalid_argument, "a client certificate needs both its file and its key's file"
        );
    }
    if (!tls.certificate_file.empty()) {
        context->use_certificate_chain_file(tls.certificate_file.string(), error);
        if (error) return refused("client certificate", tls.certificate_file);
        context->use_private_key_file(tls.key_file.string(), ssl::context::pem, error);
        if (error) return refused("private key", tls.key_file);
    }
    return context;
}

std::unique_ptr<Transport> make_client_tls_transport(
    Socket socket, ssl::context& context, const std::string& host
) {
    return std::make_unique<ClientTlsTransport>(std::move(socket), context, host);
}

}  // namespace modax::mqtt
