// /api/v1/devices/{id}/ai-analysis, …/maintenance and /api/v1/anomalies.
#include "core/analysis_json.hpp"
#include "core/flat_json.hpp"
#include "http/change.hpp"
#include "http/history_request.hpp"
#include "http/json_body.hpp"
#include "http/resources.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace modax::http {
namespace {

constexpr std::size_t k_default_limit = 100;
constexpr std::size_t k_max_limit = 1000;

// False: the answer is a problem already.
bool is_on(const Call& call, Response& response) {
    if (call.services.dependencies.analysis != nullptr) return true;
    set_problem(
        response,
        404,
        "the analysis is off; analysis.enabled turns it on",
        call.request.path,
        {},
        "analysis-off"
    );
    return false;
}

Result<std::string> current_json(const AnalysisDesk& desk, const Device& device) {
    const auto analysis = desk.current(device);
    if (!analysis) return tl::make_unexpected(analysis.error());
    std::string out;
    append_analysis_json(out, *analysis);
    return out;
}

AuditEntry record_of(const Call& call, std::string_view action) {
    AuditEntry record = origin_of(call);
    record.time = call.services.dependencies.clock.now();
    record.action = action;
    record.object = "device:" + call.device->id();
    return record;
}

// Everything that was found, page by page, for a principal that may not see every device.
class AnalysesProducer final : public BodyProducer {
public:
    // `name`: of the list in the answer.
    AnalysesProducer(
        const AnalysisStore& store, AnalysisQuery query, Principal principal, std::string_view name
    )
        : store_{store},
          query_{query},
          principal_{std::move(principal)},
          name_{name},
          left_{query.limit} {}

    Result<bool> produce(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"" + std::string{name_} + "\":[";
        query_.limit = std::min<std::size_t>(left_, k_default_limit);
        const auto found = store_.analyses(query_);
        if (!found) return tl::make_unexpected(found.error());
        for (const AnalysisRecord& record : *found) {
            query_.before = record.id;
            if (!principal_.may("readings:read", record.analysis.device->id())) continue;
            if (given_++ > 0) out += ',';
            append_analysis_json(out, record);
            --left_;
        }
        const bool ended = found->size() < query_.limit;
        if (!ended && left_ > 0) return true;
        out += "],\"next_cursor\":";
        if (ended) {
            out += "null";
        } else {
            append_json_string(out, std::to_string(query_.before));
        }
        out += '}';
        return false;
    }

private:
    const AnalysisStore& store_;
    AnalysisQuery query_;
    const Principal principal_;
    const std::string_view name_;
    std::size_t left_;
    std::size_t given_ = 0;
    bool begun_ = false;
};

std::optional<Timestamp> take_time(
    const QueryString& query, std::string_view name, std::vector<FieldError>& errors
) {
    const auto text = query.find(name);
    if (!text) return std::nullopt;
    const auto time = parse_time_parameter(*text);
    if (!time) {
        errors.push_back(
            {std::string{name}, "must be ISO 8601, or seconds or milliseconds since 1970"}
        );
    }
    return time;
}

// What both lists take: limit, cursor, start and end.
AnalysisQuery take_page(const QueryString& query, std::vector<FieldError>& errors) {
    AnalysisQuery wanted;
    wanted.limit = k_default_limit;
    if (const auto text = query.find("limit")) {
        const auto parsed = parse_limit(*text, k_max_limit);
        if (!parsed) errors.push_back({"limit", "must be a number from 1 to 1000"});
        wanted.limit = parsed.value_or(wanted.limit);
    }
    if (const auto text = query.find("cursor")) {
        const char* end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data(), end, wanted.before);
        if (parsed.ec != std::errc{} || parsed.ptr != end || wanted.before == 0) {
            errors.push_back({"cursor", "must be the next_cursor of an earlier answer"});
        }
    }
    wanted.start = take_time(query, "start", errors);
    wanted.end = take_time(query, "end", errors);
    return wanted;
}

void take_device(
    const Call& call,
    const QueryString& query,
    AnalysisQuery& wanted,
    std::vector<FieldError>& errors
) {
    const auto text = query.find("device");
    if (!text) return;
    wanted.device = call.services.dependencies.devices.find(*text);
    // Whoever may not see a device does not learn whether there is one.
    if (wanted.device == nullptr || !call.principal.may("readings:read", *text)) {
        errors.push_back({"device", "must be the id of a device"});
    }
}

// True or false; `usual` without it.
bool take_flag(
    const QueryString& query, std::string_view name, bool usual, std::vector<FieldError>& errors
) {
    const auto text = query.find(name);
    if (!text) return usual;
    if (*text != "true" && *text != "false") {
        errors.push_back({std::string{name}, "must be true or false"});
    }
    return *text == "true";
}

// Newest first, in an answer whose list has this name.
void answer_list(
    const Call& call,
    Response& response,
    const AnalysisQuery& wanted,
    std::string_view name,
    const std::vector<FieldError>& errors
) {
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    response.producer = std::make_unique<AnalysesProducer>(
        *call.services.dependencies.analyses, wanted, call.principal, name
    );
}

}  // namespace

void get_analysis(const Call& call, Response& response) {
    if (!is_on(call, response)) return;
    set_change(response, 200, [desk = call.services.dependencies.analysis, device = call.device] {
        return current_json(*desk, *device);
    });
}

void get_analysis_history(const Call& call, Response& response) {
    if (!is_on(call, response)) return;
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    AnalysisQuery wanted = take_page(*query, errors);
    wanted.device = call.device;
    wanted.anomalies_only = take_flag(*query, "anomalies_only", false, errors);
    answer_list(call, response, wanted, "analyses", errors);
}

void get_anomalies(const Call& call, Response& response) {
    if (!is_on(call, response)) return;
    const auto query = parse_query(call, response);
    if (!query) return;
    std::vector<FieldError> errors;
    AnalysisQuery wanted = take_page(*query, errors);
    take_device(call, *query, wanted, errors);
    wanted.anomalies_only = !take_flag(*query, "all", false, errors);
    answer_list(call, response, wanted, "anomalies", errors);
}

void post_alarm_acknowledgement(const Call& call, Response& response) {
    if (!is_on(call, response)) return;
    set_change(
        response,
        200,
        [desk = call.services.dependencies.analysis,
         device = call.device,
         record = record_of(call, "analysis.acknowledge")]() -> Result<std::string> {
            if (auto done = desk->acknowledge(*device, record); !done) {
                return tl::make_unexpected(done.error());
            }
            return current_json(*desk, *device);
        }
    );
}

void post_maintenance(const Call& call, Response& response) {
    if (!is_on(call, response)) return;
    AuditEntry record = record_of(call, "device.maintenance");
    if (!call.request.body.empty()) {
        JsonBody body{call.request.body, {"note"}};
        if (body.has("note")) record.detail = body.text("note");
        constexpr std::size_t k_longest_note = 500;
        if (record.detail.size() > k_longest_note) {
            body.wrong("note", "must have 500 bytes at most");
        }
        if (!body.finish(call, response)) return;
    }
    set_change(
        response,
        200,
        [desk = call.services.dependencies.analysis,
         device = call.device,
         record = std::move(record)]() -> Result<std::string> {
            if (auto done = desk->maintained(*device, record); !done) {
                return tl::make_unexpected(done.error());
            }
            return current_json(*desk, *device);
        }
    );
}

}  // namespace modax::http
