// How the analysis is built into a gateway, and where what it finds goes.
#include "app/gateway_parts.hpp"
#include "core/analysis_json.hpp"

namespace modax::app {

void Gateway::Parts::Announcer::analysed(const Analysis& analysis) noexcept {
    try {
        std::string json;
        append_analysis_json(json, analysis);
        if (parts_.listener) {
            const std::string topic =
                parts_.config.ingest.topic_prefix + "/ai/analysis/" + analysis.device->id();
            parts_.listener->publish(topic, json, 1, true);
        }
        if (parts_.server) parts_.server->notify("analysis", std::move(json), analysis.device);
    } catch (const std::exception& error) {
        parts_.log->error("analysis", "could not be told", {{"reason", error.what()}});
    }
}

void Gateway::Parts::build_analysis() {
    if (!config.analysis.enabled) return;
    analysis = std::make_unique<AnalysisEngine>(
        analysis_options(config), hub, *store, *store, clock, *log
    );
}

Status Gateway::Parts::start_analysis() {
    if (!analysis) return {};
    std::vector<AnalysisSink*> sinks{&announcer};
    if (opcua_server) sinks.push_back(opcua_server.get());
    return analysis->start(std::move(sinks));
}

}  // namespace modax::app
