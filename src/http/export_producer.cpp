#include "http/export_producer.hpp"

#include "http/problem.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace modax::http {
namespace {

std::optional<std::uint64_t> parse_position(std::string_view text) {
    std::uint64_t position = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), position);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return position;
}

}  // namespace

std::optional<ByteRange> parse_range(std::string_view field) {
    constexpr std::string_view k_unit = "bytes=";
    if (!field.starts_with(k_unit)) return std::nullopt;
    field.remove_prefix(k_unit.size());
    const auto dash = field.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    ByteRange range;
    const auto first = field.substr(0, dash);
    const auto last = field.substr(dash + 1);
    if (!first.empty() && !(range.first = parse_position(first))) return std::nullopt;
    if (!last.empty() && !(range.last = parse_position(last))) return std::nullopt;
    if (!range.first && !range.last) return std::nullopt;
    if (range.first && range.last && *range.last < *range.first) return std::nullopt;
    return range;
}

class ExportProducer::Digest {
public:
    Digest() : context_{EVP_MD_CTX_new(), EVP_MD_CTX_free} {
        EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    }
    void add(std::string_view bytes) {
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    }
    // "sha-256=:…:" (RFC 9530).
    std::string finish() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
        unsigned size = 0;
        EVP_DigestFinal_ex(context_.get(), hash.data(), &size);
        std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
        const int length = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(size));
        return "sha-256=:" +
               std::string{
                   reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)} +
               ":";
    }

private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

ExportProducer::ExportProducer(
    const Exporter& exporter,
    ExportRequest request,
    ExportConditions conditions,
    AuditTrail& trail,
    AuditEntry record
)
    : exporter_{exporter},
      request_{std::move(request)},
      conditions_{std::move(conditions)},
      trail_{trail},
      record_{std::move(record)} {}

ExportProducer::~ExportProducer() {
    if (served_ == 0) return;
    record_.detail += ", " + std::to_string(served_) + " bytes";
    if (stage_ != Stage::end) record_.detail += ", broken off";
    trail_.access(std::move(record_));
}

Result<bool> ExportProducer::produce(std::string& out) {
    if (stage_ == Stage::begin) {
        if (auto begun = begin(); !begun) return tl::make_unexpected(begun.error());
    }
    switch (stage_) {
        case Stage::measure:
            return measure();
        case Stage::serve:
            return serve(out);
        default:
            return false;
    }
}

Status ExportProducer::begin() {
    const auto version = exporter_.version(request_);
    if (!version) return tl::make_unexpected(version.error());
    Digest identity;
    std::string names;
    for (const auto& name : request_.metrics) names += name + ',';
    identity.add(
        request_.device->id() + ' ' + std::to_string(to_micros(request_.start)) + ' ' +
        std::to_string(to_micros(request_.end)) + ' ' +
        std::to_string(static_cast<int>(request_.format)) + ' ' +
        std::to_string(request_.resolution.count()) + ' ' + names + ' ' +
        (request_.gzip ? "gzip " : "") + *version
    );
    // Without the name of the algorithm, and short.
    etag_ = '"' + identity.finish().substr(9, 32) + '"';
    const auto& known = conditions_.if_none_match;
    if (known == "*" || known.find(etag_) != std::string::npos) {
        status_ = 304;
        stage_ = Stage::end;
        return {};
    }
    auto opened = exporter_.open(request_);
    if (!opened) return tl::make_unexpected(opened.error());
    stream_ = std::move(*opened);
    digest_ = std::make_unique<Digest>();
    const bool same = conditions_.if_range.empty() || conditions_.if_range == etag_;
    stage_ = conditions_.range && same ? Stage::measure : Stage::serve;
    return {};
}

Result<bool> ExportProducer::measure() {
    std::string part;
    const auto more = stream_->read(part);
    if (!more) return more;
    digest_->add(part);
    total_ += part.size();
    if (*more) return true;
    digest_text_ = digest_->finish();
    measured_ = true;
    const ByteRange& range = *conditions_.range;
    if (range.first) {
        first_ = *range.first;
        last_ = range.last ? std::min(*range.last + 1, total_) : total_;
    } else {
        first_ = total_ - std::min(*range.last, total_);
        last_ = total_;
    }
    if (first_ >= last_) {
        status_ = 416;
        stage_ = Stage::end;
        return false;
    }
    status_ = 206;
    auto again = exporter_.open(request_);
    if (!again) return tl::make_unexpected(again.error());
    stream_ = std::move(*again);
    stage_ = Stage::serve;
    return true;
}

Result<bool> ExportProducer::serve(std::string& out) {
    const std::size_t before = out.size();
    auto more = stream_->read(out);
    if (!more) return more;
    const std::uint64_t begin = made_;
    made_ += out.size() - before;
    if (!measured_) {
        digest_->add(std::string_view{out}.substr(before));
    } else {
        // What of this part is in the range.
        const auto from = static_cast<std::size_t>(std::clamp(first_, begin, made_) - begin);
        const auto to = static_cast<std::size_t>(std::clamp(last_, begin, made_) - begin);
        out.erase(before + to);
        out.erase(before, from);
        if (!*more && made_ < last_) return fail(Errc::io_error, "the export became shorter");
        if (made_ >= last_) more = false;
    }
    served_ += out.size() - before;
    if (*more) return true;
    if (!measured_) digest_text_ = digest_->finish();
    stage_ = Stage::end;
    return false;
}

void ExportProducer::describe(Response& response) {
    response.status = status_;
    if (status_ == 416) {
        response.fields.clear();
        set_problem(response, 416, "the range lies behind the end", conditions_.path);
        response.add_field("Content-Range", "bytes */" + std::to_string(total_));
        response.add_field("ETag", etag_);
        return;
    }
    response.add_field("ETag", etag_);
    if (status_ == 304) return;
    if (status_ == 206) {
        response.add_field(
            "Content-Range",
            "bytes " + std::to_string(first_) + '-' + std::to_string(last_ - 1) + '/' +
                std::to_string(total_)
        );
    }
    if (!digest_text_.empty()) {
        response.add_field("Repr-Digest", digest_text_);
    } else {
        response.add_field("Trailer", "Repr-Digest");
    }
}

std::optional<std::uint64_t> ExportProducer::length() const {
    return status_ == 206 ? std::optional{last_ - first_} : std::nullopt;
}

std::string ExportProducer::trailers() const {
    return "Repr-Digest: " + digest_text_ + "\r\n";
}

}  // namespace modax::http
