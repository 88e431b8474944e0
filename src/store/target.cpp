#include "store/target.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string_view>

namespace modax::store {
namespace {

using Keywords = std::map<std::string, std::string>;

Result<Keywords> parse(const std::string& url) {
    if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) {
        // What it is instead may hold a password, so it is not shown.
        return fail(
            Errc::invalid_argument,
            "database.url must begin with postgresql://, for example "
            "\"postgresql://modax@db.example.com/modax\""
        );
    }
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{
        PQconninfoParse(url.c_str(), &message), &PQconninfoFree};
    const std::unique_ptr<char, decltype(&PQfreemem)> owned{message, &PQfreemem};
    if (!options) {
        // libpq quotes parts of the URL, which may be a password with a sign that needs escaping.
        return fail(
            Errc::invalid_argument,
            "database.url is no URL that PostgreSQL understands; write "
            "postgresql://USER@HOST:PORT/DATABASE, without the password"
        );
    }
    Keywords found;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr && *option->val != '\0') found[option->keyword] = option->val;
    }
    return found;
}

Status refuse_secrets(const Keywords& found) {
    for (const char* keyword : {"password", "sslpassword"}) {
        if (found.contains(keyword)) {
            return fail(
                Errc::invalid_argument,
                "database.url holds a password, which logs and process lists would show: take it "
                "out, and name where it is kept in database.password (\"file:PATH\" or "
                "\"env:NAME\")"
            );
        }
    }
    if (found.contains("service")) {
        return fail(
            Errc::invalid_argument,
            "database.url names a service, whose file could say anything: write host, port, user "
            "and database into the URL"
        );
    }
    return {};
}

bool stays_here(std::string_view host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
           host == "::1" || host.starts_with("127.");
}

// All of a list "one,two": a connection may go to any of them.
bool all_stay_here(std::string_view hosts) {
    while (true) {
        const auto comma = hosts.find(',');
        if (!stays_here(hosts.substr(0, comma))) return false;
        if (comma == std::string_view::npos) return true;
        hosts.remove_prefix(comma + 1);
    }
}

Status choose_tls(Keywords& found, const Target& target) {
    if (!target.ca_file.empty()) found["sslrootcert"] = target.ca_file.string();
    const bool local = all_stay_here(found["host"]) && all_stay_here(found["hostaddr"]);
    auto& mode = found["sslmode"];
    if (mode.empty()) mode = local ? "prefer" : target.ca_file.empty() ? "require" : "verify-full";
    constexpr std::array<std::string_view, 3> k_encrypted{"require", "verify-ca", "verify-full"};
    if (!local && std::find(k_encrypted.begin(), k_encrypted.end(), mode) == k_encrypted.end()) {
        return fail(
            Errc::invalid_argument,
            "database.url has sslmode=" + mode + " for " + found["host"] + found["hostaddr"] +
                ", beyond this machine, where readings and passwords would travel in the clear: "
                "use sslmode=verify-full with database.ca_file, or at least sslmode=require"
        );
    }
    return {};
}

}  // namespace

Result<Parameters> connection_parameters(const Target& target) {
    auto found = parse(target.url);
    if (!found) return tl::make_unexpected(found.error());
    if (auto allowed = refuse_secrets(*found); !allowed) {
        return tl::make_unexpected(allowed.error());
    }
    if (!found->contains("dbname")) {
        return fail(
            Errc::invalid_argument,
            "database.url names no database; write postgresql://USER@HOST:PORT/DATABASE"
        );
    }
    if (!found->contains("host") && !found->contains("hostaddr")) {
        return fail(
            Errc::invalid_argument,
            "database.url names no host; write postgresql://USER@HOST:PORT/DATABASE"
        );
    }
    if (auto chosen = choose_tls(*found, target); !chosen) {
        return tl::make_unexpected(chosen.error());
    }
    if (!target.password.empty()) (*found)["password"] = target.password.reveal();
    (*found)["client_encoding"] = "UTF8";
    found->try_emplace("application_name", "modax");
    // A dead peer is noticed by the kernel too, when nothing is being waited for.
    found->try_emplace("keepalives_idle", "30");
    found->try_emplace("keepalives_interval", "10");
    found->try_emplace("keepalives_count", "3");
    found->try_emplace(
        "tcp_user_timeout", std::to_string(std::max<long>(target.statement_timeout.count(), 1000))
    );
    std::erase_if(*found, [](const auto& each) { return each.second.empty(); });
    return Parameters{found->begin(), found->end()};
}

std::string describe(const Target& target) {
    auto found = parse(target.url);
    if (!found) return "?";
    const auto part = [&found](const char* keyword, const char* otherwise) {
        const auto entry = found->find(keyword);
        return entry == found->end() ? std::string{otherwise} : entry->second;
    };
    std::string host = part("host", part("hostaddr", "?").c_str());
    if (host.find(':') != std::string::npos) host = '[' + host + ']';
    return "postgresql://" + part("user", "?") + '@' + host + ':' + part("port", "5432") + '/' +
           part("dbname", "?");
}

}  // namespace modax::store
