// GET /api/v1/devices/{id}/statistics
#include "core/statistics.hpp"

#include "core/clock.hpp"
#include "core/flat_json.hpp"
#include "http/history_request.hpp"
#include "http/resources.hpp"

#include <algorithm>
#include <array>

namespace modax::http {
namespace {

void append_key(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
}

void append_summary(std::string& out, std::string_view name, const Summary& summary) {
    append_key(out, name);
    out += '{';
    append_summary_members(out, summary);
    out += '}';
}

class StatisticsProducer final : public BodyProducer {
public:
    StatisticsProducer(const Dependencies& dependencies, const StatisticsQuery& query)
        : dependencies_{dependencies}, query_{query} {}

    Result<bool> produce(std::string& out) override {
        RollupQuery query;
        query.device = query_.device;
        query.start = query_.start;
        query.end = query_.end;
        Bucket whole;
        auto read = dependencies_.rollups.rollups(query, [&](const Bucket& bucket) {
            whole = bucket;
            return true;
        });
        if (!read) return tl::make_unexpected(std::move(read.error()));
        std::vector<StatisticsMember> members{
            {"order_id", "null"},
            {"quantity_produced", "null"},
            {"quantity_rejected", "null"},
            {"production_date", "null"}};
        if (auto asked = ask(members); !asked) return tl::make_unexpected(asked.error());
        append(out, whole, members);
        return false;
    }

private:
    Status ask(std::vector<StatisticsMember>& members) const {
        if (dependencies_.statistics == nullptr) return {};
        auto given = dependencies_.statistics->contribute(query_);
        if (!given) return tl::make_unexpected(std::move(given.error()));
        for (StatisticsMember& member : *given) {
            const auto known = std::find_if(members.begin(), members.end(), [&](const auto& one) {
                return one.first == member.first;
            });
            if (known != members.end()) {
                *known = std::move(member);
            } else {
                members.push_back(std::move(member));
            }
        }
        return {};
    }

    void append(std::string& out, const Bucket& whole, const std::vector<StatisticsMember>& members)
        const {
        out += '{';
        append_key(out, "device_id");
        append_json_string(out, query_.device->id());
        append_key(out, "start");
        append_json_string(out, format_iso8601(query_.start));
        append_key(out, "end");
        append_json_string(out, format_iso8601(query_.end));
        append_key(out, "sample_count");
        out += std::to_string(whole.readings());
        append_key(out, "quantities");
        out += '{';
        for (const auto name : k_quantity_names) {
            if (const Summary* summary = whole.find(name)) {
                append_summary(out, name, *summary);
            } else {
                append_key(out, name);
                out += "null";
            }
        }
        out += '}';
        append_key(out, "metrics");
        out += '{';
        whole.each([&](const std::string& name, const Summary& summary) {
            const bool quantity =
                std::find(k_quantity_names.begin(), k_quantity_names.end(), name) !=
                k_quantity_names.end();
            if (!quantity) append_summary(out, name, summary);
        });
        out += '}';
        for (const auto& [name, value] : members) {
            append_key(out, name);
            out += value;
        }
        out += '}';
    }

    const Dependencies& dependencies_;
    const StatisticsQuery query_;
};

}  // namespace

void get_statistics(const Call& call, Response& response) {
    const auto query = parse_query(call, response);
    if (!query) return;
    const Dependencies& dependencies = call.services.dependencies;
    std::vector<FieldError> errors;
    const auto [start, end] = parse_interval(*query, dependencies.clock.now(), errors);
    if (!errors.empty()) {
        set_invalid_query(call, response, errors);
        return;
    }
    response.add_field("Cache-Control", "no-store");
    response.producer = std::make_unique<StatisticsProducer>(
        dependencies, StatisticsQuery{call.device, start, end}
    );
}

}  // namespace modax::http
