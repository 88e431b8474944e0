// Reads CSV records one by one (RFC 4180, with ',', ';' or tab; CRLF or LF; a UTF-8 byte order mark
// is skipped), without holding the file. Owned by one caller; not thread-safe.
#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace modax::simulation {

class CsvReader {
public:
    static constexpr std::size_t k_max_record = std::size_t{1024} * 1024;  // bytes

    // `name` is for messages, usually the path. Without a delimiter it is found out from the
    // first record: the one of ',', ';' and tab that it has most of.
    CsvReader(
        std::unique_ptr<std::istream> in, std::string name, std::optional<char> delimiter = {}
    );

    // The next record that is not empty; nullopt at the end. The fields are valid until the next
    // call. Errors: invalid_argument with name and line ("x.csv:12: ..."), io_error.
    Result<std::optional<const std::vector<std::string>*>> next();
    // Back to the first record. Errors: io_error when the stream can't.
    Status rewind();

    // The line in which the last record began, from 1.
    std::uint64_t line() const { return record_line_; }
    std::uint64_t bytes_read() const { return bytes_; }
    char delimiter() const { return delimiter_.value_or(','); }
    // "x.csv:12: what" as an invalid_argument, for the line of the last record.
    tl::unexpected<Error> error_here(const std::string& what) const;

private:
    // Where the parser is within a record.
    enum class At : std::uint8_t { field_start, plain, quoted, quote_in_quoted };

    int get();
    void skip_byte_order_mark();
    void find_delimiter();
    Status read_record();
    // One character; true: the record is complete. Errors as next().
    Result<bool> take(char c);
    void finish_field();

    std::unique_ptr<std::istream> in_;
    std::string name_;
    std::optional<char> delimiter_;
    bool started_ = false;
    At at_ = At::field_start;
    std::string field_;
    std::vector<std::string> fields_;
    std::size_t record_size_ = 0;
    std::uint64_t line_ = 1;
    std::uint64_t record_line_ = 1;
    std::uint64_t bytes_ = 0;
};

}  // namespace modax::simulation
