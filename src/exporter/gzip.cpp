#include "exporter/gzip.hpp"

#include <zlib.h>

#include <array>
#include <utility>

namespace modax::exporter {
namespace {

// Of 1 to 9: exports are made while somebody waits.
constexpr int k_level = 3;
constexpr int k_gzip_window_bits = 15 + 16;
constexpr int k_memory_level = 8;

class GzipStream final : public ExportStream {
public:
    explicit GzipStream(std::unique_ptr<ExportStream> plain) : plain_{std::move(plain)} {}
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;
    ~GzipStream() override {
        if (begun_) deflateEnd(&zlib_);
    }

    bool begin() {
        begun_ =
            deflateInit2(
                &zlib_, k_level, Z_DEFLATED, k_gzip_window_bits, k_memory_level, Z_DEFAULT_STRATEGY
            ) == Z_OK;
        return begun_;
    }

    Result<bool> read(std::string& out) override {
        part_.clear();
        const auto more = plain_->read(part_);
        if (!more) return more;
        zlib_.next_in = reinterpret_cast<Bytef*>(part_.data());
        zlib_.avail_in = static_cast<uInt>(part_.size());
        std::array<char, 16 * 1024> buffer{};
        do {
            zlib_.next_out = reinterpret_cast<Bytef*>(buffer.data());
            zlib_.avail_out = static_cast<uInt>(buffer.size());
            if (deflate(&zlib_, *more ? Z_NO_FLUSH : Z_FINISH) == Z_STREAM_ERROR) {
                return fail(Errc::io_error, "cannot compress an export");
            }
            out.append(buffer.data(), buffer.size() - zlib_.avail_out);
        } while (zlib_.avail_out == 0);
        return more;
    }

private:
    std::unique_ptr<ExportStream> plain_;
    std::string part_;
    z_stream zlib_{};
    bool begun_ = false;
};

}  // namespace

Result<std::unique_ptr<ExportStream>> compress(std::unique_ptr<ExportStream> plain) {
    auto stream = std::make_unique<GzipStream>(std::move(plain));
    if (!stream->begin()) return fail(Errc::resource_exhausted, "no memory to compress an export");
    return stream;
}

}  // namespace modax::exporter
