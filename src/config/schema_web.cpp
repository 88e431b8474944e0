// The schema of the gateway itself and of HTTP, WebSocket and TLS.
#include "config/field.hpp"
#include "config/schema_sections.hpp"

namespace modax::config {

Section general_section() {
    return {
        "",
        "",
        {
            choice(
                MODAX_KEY(environment),
                "What the gateway is used for. It becomes part of every API key, so that a key of "
                "one environment is refused in the other.",
                {"development", "production"}
            ),
            path(
                MODAX_KEY(data_dir),
                "The directory that holds the database and everything else the gateway keeps. "
                "Made when it is missing; only one gateway may use it at a time."
            ),
            flag(
                MODAX_KEY(allow_core_dumps),
                "Whether a crash may leave a core dump. It would hold keys and passwords."
            ),
        }};
}

Section log_section() {
    return {
        "log",
        "Log lines go to standard error.",
        {
            choice(
                MODAX_KEY(log.level),
                "The least important lines that are still written.",
                {"trace", "debug", "info", "warn", "error"}
            ),
            choice(
                MODAX_KEY(log.format),
                R"("text" for people, "json" (one object a line) for log collectors.)",
                {"text", "json"}
            ),
        }};
}

Section http_section() {
    return {
        "http",
        "REST, WebSocket and the console, without TLS.",
        {
            flag(MODAX_KEY(http.enabled), "Whether to listen for plain HTTP."),
            address(MODAX_KEY(http.bind), "The address to listen on."),
            port(MODAX_KEY(http.port), "The port to listen on."),
            number(
                MODAX_KEY(http.threads),
                "How many threads serve HTTP, HTTPS and WebSocket clients.",
                1,
                256,
                "threads"
            ),
            number(
                MODAX_KEY(http.max_connections),
                "How many HTTP, HTTPS and WebSocket connections may be open at a time; more are "
                "refused.",
                1,
                100'000,
                "connections"
            ),
            number(
                MODAX_KEY(http.max_connections_per_address),
                "How many of them may come from one address.",
                1,
                100'000,
                "connections"
            ),
            flag(
                MODAX_KEY(http.allow_plaintext_beyond_loopback),
                "Whether http.bind may be other than a loopback address. Keys and readings then "
                "cross the network unencrypted; prefer [https]."
            ),
            number(
                MODAX_KEY(http.max_requests_per_key),
                "How many requests one API key may make in a minute; above it 429; 0: no limit.",
                0,
                1'000'000'000,
                "requests"
            ),
            number(
                MODAX_KEY(http.max_requests_per_address),
                "The same of one address, whatever the key; loopback, where a proxy may sit, has "
                "no "
                "limit.",
                0,
                1'000'000'000,
                "requests"
            ),
            number(
                MODAX_KEY(http.max_refused_keys_per_address),
                "How many wrong keys one address may try in a minute; above it 429.",
                0,
                1'000'000,
                "keys"
            ),
            list(
                MODAX_KEY(http.allowed_origins),
                "Web origins whose pages may use the API and the WebSocket, for example "
                "\"https://dashboard.example.com\". The gateway's own console always may."
            ),
        }};
}

Section https_section() {
    return {
        "https",
        "The same with TLS; needs tls.certificate_file and tls.key_file.",
        {
            flag(MODAX_KEY(https.enabled), "Whether to listen for HTTPS."),
            address(MODAX_KEY(https.bind), "The address to listen on."),
            port(MODAX_KEY(https.port), "The port to listen on."),
            flag(
                MODAX_KEY(https.client_certificates),
                "Whether clients that show a certificate must show one of tls.client_ca_file."
            ),
            flag(
                MODAX_KEY(https.require_client_certificate),
                "Whether clients without a certificate are refused, besides the key they need."
            ),
        }};
}

Section websocket_section() {
    return {
        "websocket",
        "Live streams at /ws.",
        {
            size(
                MODAX_KEY(websocket.soft_limit_bytes),
                "When this much waits for a slow client, it gets only the latest value of each "
                "device, and is told of the gap.",
                k_kibibyte,
                k_mebibyte * 1024
            ),
            size(
                MODAX_KEY(websocket.hard_limit_bytes),
                "When this much waits for a client, its connection is closed (4008).",
                k_kibibyte,
                k_mebibyte * 1024
            ),
            number(
                MODAX_KEY(websocket.max_clients),
                "How many clients may be connected at a time.",
                1,
                100'000,
                "clients"
            ),
        }};
}

Section tls_section() {
    return {
        "tls",
        "What [https] and [mqtts] show and ask for. Files are PEM.",
        {
            path(MODAX_KEY(tls.certificate_file), "The server's certificate and its chain."),
            path(
                MODAX_KEY(tls.key_file),
                "The private key of the certificate; keep its mode at 0600."
            ),
            path(
                MODAX_KEY(tls.client_ca_file),
                "Certificates of the authorities whose client certificates are accepted; empty: "
                "clients are not asked for a certificate."
            ),
            path(
                MODAX_KEY(tls.client_crl_file),
                "What these authorities have revoked: a list of each of them. Served to everyone "
                "at "
                "/pki/ca.crl as well. A list that is out of date lets nobody in."
            ),
            flag(
                MODAX_KEY(tls.require_client_certificate),
                "Whether MQTT clients without a valid certificate are refused."
            ),
        }};
}

}  // namespace modax::config
