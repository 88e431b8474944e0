#include "security/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace modax::security {

struct Sha256::Algorithm {
    EVP_MD* digest = nullptr;
};

Sha256::Sha256() : algorithm_{std::make_unique<Algorithm>()} {
    algorithm_->digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (algorithm_->digest == nullptr) throw std::runtime_error{"OpenSSL has no SHA-256"};
}

Sha256::~Sha256() {
    EVP_MD_free(algorithm_->digest);
}

Digest Sha256::hash(std::string_view text) const {
    Digest out{};
    unsigned size = out.size();
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    const int done =
        EVP_Digest(text.data(), text.size(), bytes, &size, algorithm_->digest, nullptr);
    if (done != 1) throw std::runtime_error{"OpenSSL refused to hash with SHA-256"};
    return out;
}

Digest hmac_sha256(std::span<const std::byte> key, std::string_view text) {
    Digest out{};
    unsigned size = out.size();
    const auto* done = HMAC(
        EVP_sha256(),
        key.data(),
        static_cast<int>(key.size()),
        reinterpret_cast<const unsigned char*>(text.data()),
        text.size(),
        reinterpret_cast<unsigned char*>(out.data()),
        &size
    );
    if (done == nullptr) throw std::runtime_error{"OpenSSL refused HMAC-SHA256"};
    return out;
}

bool equal_in_constant_time(const Digest& left, const Digest& right) {
    return CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace modax::security
