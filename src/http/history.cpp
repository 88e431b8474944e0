// GET /api/v1/devices/{id}/history
#include "core/clock.hpp"
#include "core/flat_json.hpp"
#include "http/bucket.hpp"
#include "http/history_request.hpp"
#include "http/metric_selection.hpp"
#include "http/resources.hpp"

#include <chrono>
#include <utility>

namespace modax::http {
namespace {

// Readings that one step looks at, so that workers are shared fairly and no read transaction of
// the store lives long.
constexpr std::size_t k_readings_per_step = 20'000;

class HistoryProducer : public BodyProducer {
public:
    HistoryProducer(const ReadingReader& readings, const Device& device, HistoryRequest request)
        : request_{std::move(request)}, readings_{readings}, device_{device} {}

    Result<bool> produce(std::string& out) final {
        if (!begun_) append_opening(out);
        begun_ = true;
        const std::size_t target = out.size() + k_step_bytes;
        std::size_t seen = 0;
        const HistoryQuery query{
            .device = &device_,
            .start = request_.start,
            .end = request_.end,
            .limit = k_readings_per_step,
            .after = request_.after,
            .newest_first = false};
        bool ended = false;
        auto read = readings_.history(query, [&](const Reading& reading) {
            ++seen;
            ended = !take(reading, out);
            if (ended) return false;
            request_.after = HistoryQuery::After{reading.time, reading.sequence};
            return out.size() < target;
        });
        if (!read) return tl::make_unexpected(std::move(read.error()));
        const bool exhausted = seen < k_readings_per_step && out.size() < target;
        if (!ended && !exhausted) return true;
        finish(out);
        return false;
    }

protected:
    // False when the page was full before it.
    virtual bool take(const Reading& reading, std::string& out) = 0;
    virtual void finish(std::string& out) = 0;

    void begin_row(std::string& out) {
        if (rows_ > 0) out += ',';
        ++rows_;
    }
    void append_closing(std::string& out, const std::string& cursor) {
        out += "],\"next_cursor\":";
        if (cursor.empty()) {
            out += "null";
        } else {
            append_json_string(out, cursor);
        }
        out += '}';
    }

    HistoryRequest request_;
    std::size_t rows_ = 0;

private:
    void append_opening(std::string& out) const {
        out += "{\"device_id\":";
        append_json_string(out, device_.id());
        out += ",\"start\":\"";
        append_iso8601(out, request_.start);
        out += "\",\"end\":\"";
        append_iso8601(out, request_.end);
        out += "\",\"resolution\":\"";
        out += request_.resolution_name;
        out += request_.resolution.count() == 0 ? "\",\"readings\":[" : "\",\"buckets\":[";
    }

    const ReadingReader& readings_;
    const Device& device_;
    bool begun_ = false;
};

class ReadingsProducer final : public HistoryProducer {
public:
    using HistoryProducer::HistoryProducer;

private:
    bool take(const Reading& reading, std::string& out) override {
        if (rows_ == request_.limit) {
            full_ = true;
            return false;
        }
        begin_row(out);
        append_selected_json(out, reading, request_.metrics);
        return true;
    }
    void finish(std::string& out) override {
        append_closing(out, full_ && request_.after ? reading_cursor(*request_.after) : "");
    }

    bool full_ = false;
};

class BucketsProducer final : public HistoryProducer {
public:
    using HistoryProducer::HistoryProducer;

private:
    bool take(const Reading& reading, std::string& out) override {
        const auto offset = reading.time.time_since_epoch() % request_.resolution;
        const Timestamp start = reading.time - offset;
        if (!bucket_.empty() && bucket_.start() == start) {
            bucket_.add(reading);
            return true;
        }
        emit(out);
        if (rows_ == request_.limit) {
            next_ = bucket_cursor(start);
            return false;
        }
        bucket_.begin(start);
        bucket_.add(reading);
        return true;
    }
    void finish(std::string& out) override {
        emit(out);
        append_closing(out, next_);
    }
    void emit(std::string& out) {
        if (bucket_.empty()) return;
        begin_row(out);
        bucket_.append_json(out);
        bucket_.begin({});
    }

    Bucket bucket_{request_.metrics};
    std::string next_;
};

}  // namespace

void get_history(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    const Dependencies& dependencies = call.services.dependencies;
    std::vector<FieldError> errors;
    auto request = parse_history_request(*query, dependencies.clock.now(), errors);
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    if (request.resolution.count() == 0) {
        response.producer = std::make_unique<ReadingsProducer>(
            dependencies.readings, *call.device, std::move(request)
        );
    } else {
        response.producer = std::make_unique<BucketsProducer>(
            dependencies.readings, *call.device, std::move(request)
        );
    }
}

}  // namespace modax::http
