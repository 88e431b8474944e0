#include "security/object_hash.hpp"

#include "core/flat_json.hpp"
#include "core/hex.hpp"
#include "security/digest.hpp"

namespace modax::security {
namespace {

void append(std::string& out, std::string_view text) {
    append_json_string(out, text);
    out += ',';
}

void append(std::string& out, const std::vector<std::string>& texts) {
    append_json_array(out, texts);
    out += ',';
}

std::string hash_of(const std::string& text) {
    const Digest digest = Sha256{}.hash(text);
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

// When it was used last is no part of it.
std::string object_hash(const ApiKey& key) {
    std::string text = "key,";
    append(text, key.id);
    append(text, key.name);
    append(text, to_hex(key.secret_hash));
    append(text, key.scopes);
    append(text, key.devices);
    append(text, key.networks);
    append(text, key.successor);
    text += std::to_string(to_micros(key.created)) + ',';
    text += key.expires ? std::to_string(to_micros(*key.expires)) : "never";
    text += key.revoked ? ",revoked" : ",valid";
    return hash_of(text);
}

std::string object_hash(const User& user) {
    std::string text = "user,";
    append(text, user.name);
    append(text, user.password_hash);
    append(text, user.roles);
    return hash_of(text);
}

std::string object_hash(const Role& role) {
    std::string text = "role,";
    append(text, role.name);
    append(text, role.publish);
    append(text, role.subscribe);
    return hash_of(text);
}

}  // namespace modax::security
