#include "simulation/csv_reader.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace modax::simulation {
namespace {

constexpr int k_end = std::istream::traits_type::eof();

}  // namespace

CsvReader::CsvReader(
    std::unique_ptr<std::istream> in, std::string name, std::optional<char> delimiter
)
    : in_{std::move(in)}, name_{std::move(name)}, delimiter_{delimiter} {}

int CsvReader::get() {
    const int c = in_->rdbuf()->sbumpc();
    if (c != k_end) ++bytes_;
    return c;
}

void CsvReader::skip_byte_order_mark() {
    constexpr std::array<int, 3> k_mark{0xEF, 0xBB, 0xBF};
    for (const int byte : k_mark) {
        // A file that begins with only a part of the mark is no text in any case.
        if (in_->rdbuf()->sgetc() != byte) return;
        get();
    }
}

// From the first line, put back afterwards.
void CsvReader::find_delimiter() {
    constexpr std::array<char, 3> k_delimiters{',', ';', '\t'};
    std::array<std::size_t, k_delimiters.size()> found{};
    const auto start = in_->rdbuf()->pubseekoff(0, std::ios::cur, std::ios::in);
    if (start == std::streampos(std::streamoff(-1))) {
        delimiter_ = ',';  // a pipe can't be looked at twice
        return;
    }
    bool quoted = false;
    for (std::size_t i = 0; i < k_max_record; ++i) {
        const int c = in_->rdbuf()->sbumpc();
        if (c == k_end || (c == '\n' && !quoted)) break;
        if (c == '"') quoted = !quoted;
        for (std::size_t d = 0; d < k_delimiters.size(); ++d) {
            if (!quoted && c == k_delimiters[d]) ++found[d];
        }
    }
    in_->rdbuf()->pubseekpos(start, std::ios::in);
    std::size_t best = 0;
    for (std::size_t d = 1; d < k_delimiters.size(); ++d) {
        if (found[d] > found[best]) best = d;
    }
    delimiter_ = k_delimiters[best];
}

Status CsvReader::rewind() {
    in_->clear();
    if (in_->rdbuf()->pubseekpos(0, std::ios::in) == std::streampos(std::streamoff(-1))) {
        return fail(Errc::io_error, name_ + ": cannot go back to the start; is it a pipe?");
    }
    started_ = false;
    line_ = 1;
    bytes_ = 0;
    return {};
}

tl::unexpected<Error> CsvReader::error_here(const std::string& what) const {
    return fail(Errc::invalid_argument, name_ + ":" + std::to_string(record_line_) + ": " + what);
}

Result<std::optional<const std::vector<std::string>*>> CsvReader::next() {
    if (!started_) {
        started_ = true;
        skip_byte_order_mark();
        if (!delimiter_) find_delimiter();
    }
    while (in_->rdbuf()->sgetc() != k_end) {
        if (auto read = read_record(); !read) return tl::make_unexpected(read.error());
        const bool is_blank = fields_.size() == 1 && fields_.front().empty();
        if (!is_blank) return &fields_;
    }
    return std::nullopt;
}

Status CsvReader::read_record() {
    fields_.clear();
    field_.clear();
    at_ = At::field_start;
    record_size_ = 0;
    record_line_ = line_;
    while (true) {
        const int next = get();
        if (next == k_end) {
            if (at_ == At::quoted) return error_here("a quoted field does not end");
            finish_field();
            return {};
        }
        if (++record_size_ > k_max_record) return error_here("the record is over 1 MiB long");
        auto complete = take(static_cast<char>(next));
        if (!complete) return tl::make_unexpected(complete.error());
        if (*complete) return {};
    }
}

Result<bool> CsvReader::take(char c) {
    if (c == '\n') ++line_;
    if (at_ == At::quoted) {
        if (c == '"') {
            at_ = At::quote_in_quoted;
        } else {
            field_ += c;
        }
        return false;
    }
    if (c == '"') {
        if (at_ == At::plain) return error_here("a quote within a field that is not quoted");
        // The second of two is one quote.
        if (at_ == At::quote_in_quoted) field_ += '"';
        at_ = At::quoted;
        return false;
    }
    if (c == *delimiter_ || c == '\n') {
        finish_field();
        return c == '\n';
    }
    if (c == '\r' && in_->rdbuf()->sgetc() == '\n') return false;
    if (at_ == At::quote_in_quoted) return error_here("text behind a closing quote");
    if (c == '\0') return error_here("a NUL character: this is no text file");
    at_ = At::plain;
    field_ += c;
    return false;
}

void CsvReader::finish_field() {
    fields_.push_back(std::exchange(field_, {}));
    at_ = At::field_start;
}

}  // namespace modax::simulation
