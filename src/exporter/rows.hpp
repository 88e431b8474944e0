// Readings and buckets as the rows of a text format. Not thread-safe.
#pragma once

#include "core/bucket.hpp"
#include "core/export.hpp"
#include "core/reading.hpp"

#include <memory>
#include <string>

namespace modax::exporter {

class RowFormat {
public:
    virtual ~RowFormat() = default;
    virtual void begin(std::string& out) = 0;
    virtual void add(std::string& out, const Reading& reading) = 0;
    virtual void add(std::string& out, const Bucket& bucket) = 0;
    virtual void end(std::string& out) = 0;
};

// Of csv, json or ndjson. The request must outlive it.
std::unique_ptr<RowFormat> make_row_format(const ExportRequest& request);

// The titles of a table's columns, in csv and xlsx: of readings, or of buckets, which have a row
// for each metric.
std::vector<std::string> column_titles(const ExportRequest& request);

}  // namespace modax::exporter
