#include "security/certificate_names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

namespace modax::security {
namespace {

bool is_address(const std::string& host) {
    std::array<unsigned char, 16> bytes{};
    return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// Only what can't change the meaning of an extension's text.
bool is_host(const std::string& host) {
    if (host.empty() || host.size() > 253) return false;
    if (is_address(host)) return true;
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    };
    return std::all_of(host.begin(), host.end(), fits) && host.front() != '-' &&
           host.front() != '.' && host.find("..") == std::string::npos;
}

bool is_plain_url(const std::string& url) {
    const auto fits = [](char c) { return c > ' ' && c < '\x7F' && c != ',' && c != ';'; };
    return url.rfind("http://", 0) == 0 && url.size() > 7 && url.size() <= 256 &&
           std::all_of(url.begin(), url.end(), fits);
}

}  // namespace

Status check_hosts(const std::vector<std::string>& hosts) {
    for (const auto& host : hosts) {
        if (!is_host(host)) {
            return fail(
                Errc::invalid_argument, "'" + host + "' is neither a host name nor an IP address"
            );
        }
    }
    return {};
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty()) text += ',';
        text += part;
    }
    return text;
}

std::string subject_names(const std::vector<std::string>& hosts) {
    std::vector<std::string> names;
    for (const auto& host : hosts) {
        std::string name = is_address(host) ? "IP:" : "DNS:";
        name += host;
        names.push_back(std::move(name));
    }
    return joined(names);
}

std::string name_constraints(const std::vector<std::string>& hosts) {
    std::vector<std::string> permitted{"permitted;DNS:" + std::string{k_client_domain}};
    // Without one of its kind an authority could vouch for every address.
    std::vector<std::string> all{"127.0.0.1", "::1"};
    all.insert(all.end(), hosts.begin(), hosts.end());
    for (const auto& host : all) {
        std::string name = "permitted;";
        if (!is_address(host)) {
            name += "DNS:" + host;
        } else if (host.find(':') == std::string::npos) {
            name += "IP:" + host + "/255.255.255.255";
        } else {
            name += "IP:" + host + "/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        }
        permitted.push_back(std::move(name));
    }
    return "critical," + joined(permitted);
}

Status check_revocation_url(const std::string& url) {
    if (is_plain_url(url)) return {};
    return fail(
        Errc::invalid_argument,
        "'" + url + "' can't be the place of the revocation list: give http://HOST/…"
    );
}

}  // namespace modax::security
