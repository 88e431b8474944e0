// GET /api/v1/devices/{id}/history
#include "core/bucket.hpp"
#include "core/clock.hpp"
#include "core/flat_json.hpp"
#include "core/metric_selection.hpp"
#include "core/rollup.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"

#include <chrono>
#include <utility>

namespace modax::http {
namespace {

// Readings that one step looks at, so that workers are shared fairly and no read transaction of
// the store lives long.
constexpr std::size_t k_readings_per_step = 20'000;

void append_opening(std::string& out, const Device& device, const HistoryRequest& request) {
    out += "{\"device_id\":";
    append_json_string(out, device.id());
    out += ",\"start\":\"";
    append_iso8601(out, request.start);
    out += "\",\"end\":\"";
    append_iso8601(out, request.end);
    out += "\",\"resolution\":\"";
    out += request.resolution_name;
    out += request.resolution.count() == 0 ? "\",\"readings\":[" : "\",\"buckets\":[";
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

// Made of the readings themselves.
class HistoryProducer : public BodyProducer {
public:
    HistoryProducer(const ReadingReader& readings, const Device& device, HistoryRequest request)
        : request_{std::move(request)}, readings_{readings}, device_{device} {}

    Result<bool> produce(std::string& out) final {
        if (!begun_) append_opening(out, device_, request_);
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

    HistoryRequest request_;
    std::size_t rows_ = 0;

private:
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

// Buckets of seconds.
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

// Buckets of whole minutes, from the rollups.
class RollupProducer final : public BodyProducer {
public:
    RollupProducer(const RollupReader& rollups, const Device& device, HistoryRequest request)
        : rollups_{rollups}, device_{device}, request_{std::move(request)} {
        query_.device = &device_;
        query_.start = request_.start;
        query_.end = request_.end;
        query_.width = request_.resolution;
        query_.metrics = request_.metrics;
    }

    Result<bool> produce(std::string& out) override {
        if (!begun_) append_opening(out, device_, request_);
        begun_ = true;
        const std::size_t target = out.size() + k_step_bytes;
        std::string next;
        bool more = false;
        auto read = rollups_.rollups(query_, [&](const Bucket& bucket) {
            if (rows_ == request_.limit) {
                next = bucket_cursor(bucket.start());
                return false;
            }
            if (rows_++ > 0) out += ',';
            bucket.append_json(out);
            query_.start = bucket.start() + query_.width;
            more = out.size() >= target;
            return !more;
        });
        if (!read) return tl::make_unexpected(std::move(read.error()));
        if (more) return true;
        append_closing(out, next);
        return false;
    }

private:
    const RollupReader& rollups_;
    const Device& device_;
    const HistoryRequest request_;
    RollupQuery query_;
    bool begun_ = false;
    std::size_t rows_ = 0;
};

}  // namespace

void get_history(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    const Dependencies& dependencies = call.services.dependencies;
    std::vector<FieldError> errors;
    auto request = parse_history_request(
        *query, dependencies.clock.now(), dependencies.rollups.rollup_coverage(), errors
    );
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    if (request.resolution.count() == 0) {
        response.producer = std::make_unique<ReadingsProducer>(
            dependencies.readings, *call.device, std::move(request)
        );
    } else if (request.resolution < std::chrono::minutes{1}) {
        response.producer = std::make_unique<BucketsProducer>(
            dependencies.readings, *call.device, std::move(request)
        );
    } else {
        response.producer = std::make_unique<RollupProducer>(
            dependencies.rollups, *call.device, std::move(request)
        );
    }
}

}  // namespace modax::http
