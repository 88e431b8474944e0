// The texts of names in the extensions of certificates that the development authority makes, and
// what may not be in them. Internal to security. Source: RFC 5280, sections 4.2.1.6, 4.2.1.10 and
// 4.2.1.13.
#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace modax::security {

// What clients' names end in: OpenSSL compares a name constraint also with a common name that
// could be a host, unless there is a DNS name beside it. "invalid" is nobody's (RFC 2606).
inline constexpr std::string_view k_client_domain = "client.modax.invalid";

// Errors: invalid_argument: one is neither a host name nor an IP address.
Status check_hosts(const std::vector<std::string>& hosts);
// Clients ask for a revocation list without TLS: with it they would have to check a certificate
// first. Errors: invalid_argument.
Status check_revocation_url(const std::string& url);

std::string joined(const std::vector<std::string>& parts);
// "DNS:gateway.example,IP:10.1.2.3"
std::string subject_names(const std::vector<std::string>& hosts);
// These hosts, this machine and the names of clients; nothing else.
std::string name_constraints(const std::vector<std::string>& hosts);

}  // namespace modax::security
