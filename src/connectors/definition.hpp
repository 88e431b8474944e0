// A connector as its file describes it: which events go where, in which form, and what an answer
// means. docs/delivery.md has the words of the file.
#pragma once

#include "core/delivery.hpp"
#include "core/result.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace modax::connectors {

enum class Authentication : std::uint8_t { none, basic, api_key, oauth2 };

struct Definition {
    std::string name;
    std::filesystem::path file;
    std::vector<std::string> events;  // "production.completed", "quality.*"

    std::string method = "POST";
    std::string url;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers;  // values with {id} and {uuid}
    std::string mapping;                                       // jq: the body, or null for nothing
    std::string settings = "{}";                               // JSON object: what a site chooses
    bool allow_plaintext = false;                              // http beyond loopback

    Authentication authentication = Authentication::none;
    std::string user;    // or OAuth 2.0 client id
    std::string secret;  // a reference: "env:NAME", "file:PATH", "credential:NAME"; or empty
    std::string key_header = "X-API-Key";
    std::string token_url;  // OAuth 2.0 client credentials (RFC 6749 section 4.4)
    std::string scope;
    std::string signature_header;  // empty: bodies are not signed
    std::string signature_secret;  // a reference

    std::string csrf_url;  // empty: no handshake

    std::map<int, CallOutcome> statuses;
    std::string success_test;  // jq over the answer's body; empty: the status decides

    std::string idempotency_header;
    bool repeatable = false;  // the peer acts on it

    std::string lookup_url;    // empty: no lookup
    std::string lookup_found;  // jq over the answer's body

    unsigned per_second = 50;
    unsigned max_attempts = 0;
    std::chrono::milliseconds max_age = std::chrono::hours{72};
    std::chrono::milliseconds timeout = std::chrono::seconds{30};

    std::filesystem::path ca_file;  // empty: the system's authorities
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
};

// Errors: invalid_argument; the detail has one line "file:line:column: what" for each problem.
Result<Definition> read_definition(const std::filesystem::path& file);
// All *.toml of a directory, by name. Two may not have one name.
Result<std::vector<Definition>> read_definitions(const std::filesystem::path& directory);

bool wants(const Definition& definition, std::string_view event_type);
// 32 hexadecimal digits as 8-4-4-4-12 (RFC 9562).
std::string uuid_of(std::string_view id);
// {id}, {uuid} and {reference} (the first 20 digits of the id) replaced.
std::string filled_in(std::string_view text, const BusinessEvent& event);
// What a mapping gets: {"event":{id,uuid,type,object_key,device_id,time,sequence},"body":{…},
// "settings":{…}}; `settings` is that of the definition.
std::string mapping_input(const BusinessEvent& event, std::string_view settings);

}  // namespace modax::connectors
