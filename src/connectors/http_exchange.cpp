#include "connectors/http_exchange.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <mutex>
#include <stdexcept>

namespace modax::connectors {
namespace {

constexpr std::size_t k_max_answer = 1024UL * 1024;
constexpr long k_connect_seconds = 5;

bool is_public_v4(std::uint32_t address) {
    const auto within = [address](std::uint32_t network, unsigned prefix) {
        return (address >> (32U - prefix)) == (network >> (32U - prefix));
    };
    // RFC 6890 and its updates.
    return !within(0x00000000, 8) && !within(0x0A000000, 8) && !within(0x64400000, 10) &&
           !within(0x7F000000, 8) && !within(0xA9FE0000, 16) && !within(0xAC100000, 12) &&
           !within(0xC0000000, 24) && !within(0xC0A80000, 16) && !within(0xC6120000, 15) &&
           !within(0xE0000000, 3);
}

std::string lower(std::string_view text) {
    std::string copy{text};
    std::transform(copy.begin(), copy.end(), copy.begin(), [](unsigned char letter) {
        return static_cast<char>(std::tolower(letter));
    });
    return copy;
}

std::string part_of(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    std::string copy{text};
    curl_free(text);
    return copy;
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

bool is_public_address(std::string_view address) {
    const std::string text{address};
    in_addr v4{};
    if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_public_v4(ntohl(v4.s_addr));
    in6_addr v6{};
    if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
    const auto* bytes = std::begin(v6.s6_addr);
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        std::uint32_t inner = 0;
        for (int i = 12; i < 16; ++i) inner = inner << 8U | bytes[i];
        return is_public_v4(inner);
    }
    return (bytes[0] & 0xE0U) == 0x20U;  // 2000::/3, the global unicast addresses
}

struct HttpExchange::Handle {
    CURL* curl = nullptr;
};

struct HttpExchange::Call {
    HttpExchange& owner;
    HttpAnswer answer{};
    curl_slist* headers = nullptr;
    std::array<char, CURL_ERROR_SIZE> error{};
    bool refused_address = false;
    bool too_large = false;

    explicit Call(HttpExchange& exchange) : owner{exchange} {}
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() { curl_slist_free_all(headers); }

    static std::size_t take_body(const char* data, std::size_t, std::size_t size, void* self) {
        auto& call = *static_cast<Call*>(self);
        if (call.answer.body.size() + size > k_max_answer) {
            call.too_large = true;
            return 0;
        }
        call.answer.body.append(data, size);
        return size;
    }
    static std::size_t take_header(const char* data, std::size_t, std::size_t size, void* self) {
        auto& call = *static_cast<Call*>(self);
        std::string_view line{data, size};
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || call.answer.headers.size() >= 100) return size;
        std::string_view value = line.substr(colon + 1);
        while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front())) != 0) {
            value.remove_prefix(1);
        }
        while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back())) != 0) {
            value.remove_suffix(1);
        }
        call.answer.headers[lower(line.substr(0, colon))] = value;
        return size;
    }
    // The address that is really connected, after the name was resolved.
    static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* to) {
        auto& call = *static_cast<Call*>(self);
        std::array<char, INET6_ADDRSTRLEN> text{};
        const auto* raw = &to->addr;
        const void* bytes = nullptr;
        if (to->family == AF_INET) {
            bytes = &reinterpret_cast<const sockaddr_in*>(raw)->sin_addr;
        } else if (to->family == AF_INET6) {
            bytes = &reinterpret_cast<const sockaddr_in6*>(raw)->sin6_addr;
        }
        const bool known =
            bytes != nullptr && inet_ntop(to->family, bytes, text.data(), text.size()) != nullptr;
        const std::string_view address{text.data()};
        const auto& rules = call.owner.rules_;
        if (!known ||
            (!is_public_address(address) && !(rules.may_connect && rules.may_connect(address)))) {
            call.refused_address = true;
            call.answer.problem = "the address " + std::string{address} +
                                  " is not public; list it in connectors.allowed_networks";
            return CURL_SOCKET_BAD;
        }
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    }
    static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<Call*>(self)->owner.interrupted_.load() ? 1 : 0;
    }
};

HttpExchange::HttpExchange(const Definition& definition, const NetworkRules& rules)
    : definition_{definition}, rules_{rules}, handle_{std::make_unique<Handle>()} {
    static std::once_flag initialised;
    std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    handle_->curl = curl_easy_init();
    if (handle_->curl == nullptr) throw std::runtime_error{"libcurl has no memory"};
    curl_easy_setopt(handle_->curl, CURLOPT_COOKIEFILE, "");  // keep cookies, in memory
}

HttpExchange::~HttpExchange() {
    curl_easy_cleanup(handle_->curl);
}

void HttpExchange::forget_cookies() {
    curl_easy_setopt(handle_->curl, CURLOPT_COOKIELIST, "ALL");
}

std::optional<std::string> HttpExchange::against_rules(const std::string& url) const {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed{curl_url(), curl_url_cleanup};
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
        return "the URL is malformed";
    }
    const auto host = lower(part_of(parsed.get(), CURLUPART_HOST));
    if (std::find(rules_.hosts.begin(), rules_.hosts.end(), host) == rules_.hosts.end()) {
        return "the host " + host + " is not in connectors.allowed_hosts";
    }
    const auto scheme = lower(part_of(parsed.get(), CURLUPART_SCHEME));
    if (scheme != "https" && scheme != "http") return "only https and http are called";
    const bool plain = scheme == "http";
    if (plain && !is_loopback(host) && !definition_.allow_plaintext) {
        return "http is not encrypted; use https, or set request.allow_plaintext = true";
    }
    return std::nullopt;
}

void HttpExchange::set_up(Call& call, const HttpRequest& request) {
    CURL* curl = handle_->curl;
    curl_easy_reset(curl);  // keeps connections and cookies
    const auto set = [curl](CURLoption option, auto value) {
        curl_easy_setopt(curl, option, value);
    };
    for (const auto& [name, value] : request.headers) {
        std::string line = name;
        line.append(": ").append(value);
        call.headers = curl_slist_append(call.headers, line.c_str());
    }
    call.headers = curl_slist_append(call.headers, "Expect:");
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_HTTPHEADER, call.headers);
    if (request.method == "GET") {
        set(CURLOPT_HTTPGET, 1L);
    } else if (request.method == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else {
        set(CURLOPT_POSTFIELDS, request.body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    set(CURLOPT_FRESH_CONNECT, request.repeatable ? 0L : 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, k_connect_seconds);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(definition_.timeout.count()));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!definition_.ca_file.empty()) set(CURLOPT_CAINFO, definition_.ca_file.c_str());
    if (!definition_.certificate_file.empty()) {
        set(CURLOPT_SSLCERT, definition_.certificate_file.c_str());
        set(CURLOPT_SSLKEY, definition_.key_file.c_str());
    }
    set(CURLOPT_COOKIEFILE, "");
    set(CURLOPT_ERRORBUFFER, call.error.data());
    set(CURLOPT_WRITEFUNCTION, &Call::take_body);
    set(CURLOPT_WRITEDATA, &call);
    set(CURLOPT_HEADERFUNCTION, &Call::take_header);
    set(CURLOPT_HEADERDATA, &call);
    set(CURLOPT_OPENSOCKETFUNCTION, &Call::open);
    set(CURLOPT_OPENSOCKETDATA, &call);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Call::progress);
    set(CURLOPT_XFERINFODATA, &call);
}

HttpAnswer HttpExchange::call(const HttpRequest& request) {
    Call call{*this};
    if (auto problem = against_rules(request.url)) {
        call.answer.failure = HttpAnswer::Failure::refused;
        call.answer.problem = std::move(*problem);
        return std::move(call.answer);
    }
    set_up(call, request);
    const CURLcode code = curl_easy_perform(handle_->curl);
    long status = 0;
    long sent = 0;
    curl_easy_getinfo(handle_->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle_->curl, CURLINFO_REQUEST_SIZE, &sent);
    HttpAnswer& answer = call.answer;
    answer.status = static_cast<int>(status);
    if (code == CURLE_OK) return std::move(answer);
    if (!call.refused_address) {
        const std::string_view said{call.error.data()};
        answer.problem = call.too_large ? "the answer has more than 1 MiB"
                         : said.empty() ? curl_easy_strerror(code)
                                        : std::string{said};
    }
    const bool certificate = code == CURLE_PEER_FAILED_VERIFICATION ||
                             code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM ||
                             code == CURLE_SSL_CONNECT_ERROR;
    answer.failure = call.refused_address || (certificate && sent == 0)
                         ? HttpAnswer::Failure::refused
                     : sent == 0 ? HttpAnswer::Failure::not_sent
                                 : HttpAnswer::Failure::uncertain;
    return std::move(answer);
}

}  // namespace modax::connectors
