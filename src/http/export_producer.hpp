// The body of an export: the whole of it, or a range of its bytes when a client goes on after a
// broken connection. Used by one thread at a time.
#pragma once

#include "core/audit.hpp"
#include "core/export.hpp"
#include "http/response.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace modax::http {

// "bytes=a-b", "bytes=a-" or "bytes=-n" (RFC 9110 section 14.1.2).
struct ByteRange {
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> last;  // or, without first, how many at the end
};
// nullopt: several ranges, another unit or not well formed; such a field is ignored.
std::optional<ByteRange> parse_range(std::string_view field);

// What the request's fields ask besides the export itself.
struct ExportConditions {
    std::string path;  // of the request, for problems
    std::string if_none_match;
    std::optional<ByteRange> range;
    std::string if_range;
};

class ExportProducer final : public BodyProducer {
public:
    // `record` goes to the audit trail with the bytes that were made for the client.
    ExportProducer(
        const Exporter& exporter,
        ExportRequest request,
        ExportConditions conditions,
        AuditTrail& trail,
        AuditEntry record
    );
    ~ExportProducer() override;

    Result<bool> produce(std::string& out) override;
    void describe(Response& response) override;
    std::optional<std::uint64_t> length() const override;
    std::string trailers() const override;

private:
    class Digest;

    Status begin();
    // Makes the whole once for its length and digest; true when there is more of it.
    Result<bool> measure();
    Result<bool> serve(std::string& out);
    std::string repr_digest() const;

    const Exporter& exporter_;
    const ExportRequest request_;
    const ExportConditions conditions_;
    AuditTrail& trail_;
    AuditEntry record_;

    enum class Stage { begin, measure, serve, end } stage_ = Stage::begin;
    std::unique_ptr<ExportStream> stream_;
    std::unique_ptr<Digest> digest_;
    std::string digest_text_;  // once all was made
    std::string etag_;
    int status_ = 200;
    std::uint64_t total_ = 0;  // once it was measured
    std::uint64_t first_ = 0;  // of the range
    std::uint64_t last_ = 0;   // exclusive
    std::uint64_t made_ = 0;   // bytes of the whole so far
    std::uint64_t served_ = 0;
    bool measured_ = false;
};

}  // namespace modax::http
