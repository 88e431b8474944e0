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

struct RunningSha256::State {
    EVP_MD_CTX* context = nullptr;
};

RunningSha256::RunningSha256() : state_{std::make_unique<State>()} {
    state_->context = EVP_MD_CTX_new();
    if (EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error{"OpenSSL has no SHA-256"};
    }
}

RunningSha256::~RunningSha256() {
    EVP_MD_CTX_free(state_->context);
}

void RunningSha256::add(std::string_view part) {
    if (EVP_DigestUpdate(state_->context, part.data(), part.size()) != 1) {
        throw std::runtime_error{"OpenSSL refused to hash with SHA-256"};
    }
}

std::string RunningSha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(state_->context, hash.data(), &size) != 1) {
        throw std::runtime_error{"OpenSSL refused to hash with SHA-256"};
    }
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
    const int length = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(size));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
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
