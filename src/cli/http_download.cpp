#include "cli/http_download.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>

namespace modax::cli {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t k_max_line = 16 * 1024;

// A connection whose every operation ends within the limit.
class Link {
public:
    Link(const HttpDownload& what)
        : what_{what}, tls_{asio::ssl::context::tls_client}, stream_{context_, tls_} {}

    Status open() {
        error_code failure;
        if (what_.address.tls) {
            if (what_.ca_file.empty()) {
                tls_.set_default_verify_paths(failure);
            } else {
                tls_.load_verify_file(what_.ca_file, failure);
            }
            if (failure) {
                return fail(
                    Errc::invalid_argument,
                    "cannot read the authorities '" + what_.ca_file + "': " + failure.message()
                );
            }
            stream_.set_verify_mode(asio::ssl::verify_peer);
            stream_.set_verify_callback(asio::ssl::host_name_verification{what_.address.host});
            // Server Name Indication takes names only (RFC 6066, section 3).
            error_code no_address;
            asio::ip::make_address(what_.address.host, no_address);
            if (no_address)
                SSL_set_tlsext_host_name(stream_.native_handle(), what_.address.host.c_str());
        }
        tcp::resolver resolver{context_};
        const auto found = resolver.resolve(what_.address.host, what_.address.port, failure);
        if (failure) return refused(failure);
        auto connected = wait([&](auto done) {
            asio::async_connect(
                stream_.next_layer(),
                found,
                [done](const error_code& error, const tcp::endpoint&) { done(error, 0); }
            );
        });
        if (!connected) return tl::make_unexpected(connected.error());
        if (!what_.address.tls) return {};
        auto shaken = wait([&](auto done) {
            stream_.async_handshake(
                asio::ssl::stream_base::client, [done](const error_code& error) { done(error, 0); }
            );
        });
        if (!shaken) return tl::make_unexpected(shaken.error());
        return {};
    }
    Status write(const std::string& text) {
        auto written = wait([&](auto done) {
            const auto whole = asio::buffer(text);
            if (what_.address.tls) {
                asio::async_write(stream_, whole, done);
            } else {
                asio::async_write(stream_.next_layer(), whole, done);
            }
        });
        if (!written) return tl::make_unexpected(written.error());
        return {};
    }
    // What is there; empty at the end.
    Result<std::string_view> read() {
        bool ended = false;
        auto got = wait([&](auto done) {
            const auto note = [done, &ended](const error_code& error, std::size_t size) {
                ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
                done(ended ? error_code{} : error, size);
            };
            if (what_.address.tls) {
                stream_.async_read_some(asio::buffer(buffer_), note);
            } else {
                stream_.next_layer().async_read_some(asio::buffer(buffer_), note);
            }
        });
        if (!got) return tl::make_unexpected(got.error());
        return std::string_view{buffer_.data(), ended ? 0 : *got};
    }

private:
    tl::unexpected<Error> refused(const error_code& failure) const {
        return fail(
            Errc::unavailable,
            "cannot talk to " + what_.address.host + ":" + what_.address.port + ": " +
                failure.message()
        );
    }
    template <class Begin>
    Result<std::size_t> wait(const Begin& begin) {
        std::optional<error_code> outcome;
        std::size_t size = 0;
        begin([&](const error_code& error, std::size_t count) {
            outcome = error;
            size = count;
        });
        context_.restart();
        context_.run_for(what_.silence);
        if (!outcome) {
            // What waits must not come back to this frame.
            error_code ignored;
            stream_.next_layer().close(ignored);
            context_.restart();
            context_.run();
            return refused(asio::error::timed_out);
        }
        if (*outcome) return refused(*outcome);
        return size;
    }

    const HttpDownload& what_;
    asio::io_context context_;
    asio::ssl::context tls_;
    asio::ssl::stream<tcp::socket> stream_;
    std::array<char, 64 * 1024> buffer_{};
};

class Reader {
public:
    Reader(Link& link, const std::function<Status(std::string_view)>& part)
        : link_{link}, part_{part} {}

    Status head(HttpHead& head) {
        auto line = take_line();
        if (!line) return tl::make_unexpected(line.error());
        if (!line->starts_with("HTTP/1.") || line->size() < 12) {
            return fail(Errc::protocol_error, "this is no answer of an HTTP server");
        }
        std::from_chars(line->data() + 9, line->data() + 12, head.status);
        return fields(head);
    }
    Status body(HttpHead& head) {
        if (head.status == 304 || head.status == 204) return {};
        if (head.field("transfer-encoding") == "chunked") return chunks(head);
        const std::string length = head.field("content-length");
        if (length.empty()) return until_end();
        std::uint64_t size = 0;
        std::from_chars(length.data(), length.data() + length.size(), size);
        return exactly(size);
    }

private:
    Status more() {
        auto got = link_.read();
        if (!got) return tl::make_unexpected(got.error());
        if (got->empty()) return fail(Errc::io_error, "the connection ended before the answer did");
        input_ += *got;
        return {};
    }
    Result<std::string> take_line() {
        std::size_t end = 0;
        while ((end = input_.find("\r\n")) == std::string::npos) {
            if (input_.size() > k_max_line) return fail(Errc::protocol_error, "a line is too long");
            if (auto got = more(); !got) return tl::make_unexpected(got.error());
        }
        std::string line = input_.substr(0, end);
        input_.erase(0, end + 2);
        return line;
    }
    Status fields(HttpHead& head) {
        for (;;) {
            auto line = take_line();
            if (!line) return tl::make_unexpected(line.error());
            if (line->empty()) return {};
            const auto colon = std::min(line->find(':'), line->size());
            std::string name = line->substr(0, colon);
            std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
                return static_cast<char>(std::tolower(c));
            });
            const auto value = line->find_first_not_of(" \t", colon + 1);
            head.fields[name] = value == std::string::npos ? "" : line->substr(value);
        }
    }
    Status chunks(HttpHead& head) {
        for (;;) {
            auto line = take_line();
            if (!line) return tl::make_unexpected(line.error());
            std::uint64_t size = 0;
            const auto parsed =
                std::from_chars(line->data(), line->data() + line->size(), size, 16);
            if (parsed.ec != std::errc{}) return fail(Errc::protocol_error, "a chunk has no size");
            if (size == 0) return fields(head);
            if (auto taken = exactly(size); !taken) return taken;
            if (auto end = take_line(); !end) return tl::make_unexpected(end.error());
        }
    }
    Status exactly(std::uint64_t size) {
        while (size > 0) {
            if (input_.empty()) {
                if (auto got = more(); !got) return got;
            }
            const auto here =
                static_cast<std::size_t>(std::min<std::uint64_t>(size, input_.size()));
            if (auto taken = part_(std::string_view{input_}.substr(0, here)); !taken) return taken;
            input_.erase(0, here);
            size -= here;
        }
        return {};
    }
    Status until_end() {
        for (;;) {
            if (auto taken = part_(input_); !taken) return taken;
            input_.clear();
            auto got = link_.read();
            if (!got) return tl::make_unexpected(got.error());
            if (got->empty()) return {};
            input_ = *got;
        }
    }

    Link& link_;
    const std::function<Status(std::string_view)>& part_;
    std::string input_;
};

}  // namespace

Result<HttpAddress> parse_http_address(std::string_view url) {
    HttpAddress address;
    const std::string whole{url};
    for (const bool tls : {false, true}) {
        const std::string_view scheme = tls ? "https://" : "http://";
        if (!url.starts_with(scheme)) continue;
        url.remove_prefix(scheme.size());
        address.tls = tls;
        address.port = tls ? "443" : "80";
        const auto slash = std::min(url.find('/'), url.size());
        address.base = url.substr(slash);
        while (address.base.ends_with('/')) address.base.pop_back();
        std::string_view authority = url.substr(0, slash);
        const auto colon = authority.rfind(':');
        const bool port = colon != std::string_view::npos && authority.back() != ']';
        if (port) address.port = authority.substr(colon + 1);
        address.host = authority.substr(0, port ? colon : authority.size());
        if (address.host.starts_with('[')) {
            address.host = address.host.substr(1, address.host.size() - 2);
        }
        const bool numeric = std::all_of(address.port.begin(), address.port.end(), [](char c) {
            return c >= '0' && c <= '9';
        });
        if (!address.host.empty() && !address.port.empty() && numeric) return address;
    }
    return fail(
        Errc::invalid_argument,
        "--url: '" + whole + "' is not http://HOST[:PORT] or https://HOST[:PORT]"
    );
}

std::string HttpHead::field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
}

Result<HttpHead> download(
    const HttpDownload& what,
    const std::function<Status(const HttpHead&)>& begun,
    const std::function<Status(std::string_view)>& part
) {
    Link link{what};
    if (auto opened = link.open(); !opened) return tl::make_unexpected(opened.error());
    const auto sent = link.write(
        "GET " + what.address.base + what.target + " HTTP/1.1\r\nHost: " + what.address.host + ":" +
        what.address.port + "\r\nConnection: close\r\n" + what.fields + "\r\n"
    );
    if (!sent) return tl::make_unexpected(sent.error());
    HttpHead head;
    Reader reader{link, part};
    if (auto read = reader.head(head); !read) return tl::make_unexpected(read.error());
    if (auto wanted = begun(head); !wanted) return tl::make_unexpected(wanted.error());
    if (auto read = reader.body(head); !read) return tl::make_unexpected(read.error());
    return head;
}

}  // namespace modax::cli
