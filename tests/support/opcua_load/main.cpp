// `modax_opcua_load read|subscribe|sessions|serve`: load and peer for the OPC UA server. Reports
// are one line of JSON.
#include "support/opcua_load/reads.hpp"
#include "support/opcua_load/server.hpp"
#include "support/opcua_load/subscription.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>

namespace {

using namespace modax::test;

void add_target(CLI::App& command, OpcUaTarget& target) {
    command.add_option("--url", target.url, "opc.tcp://host:port")->required();
    command.add_option("--certificate", target.certificate_file, "DER; without it: no security");
    command.add_option("--key", target.key_file, "DER");
    command.add_option("--uri", target.application_uri, "application URI of the certificate");
    command.add_option("--user", target.user, "user name; without it: anonymous");
    command.add_option("--password", target.password, "password");
    command.add_option("--devices", target.devices, "FLOOD-00000 and on");
    command.add_option("--members", target.members, "which of a device's variables")
        ->delimiter(',');
}

double percentile(std::vector<double>& values, double part) {
    if (values.empty()) return 0;
    const auto at = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + static_cast<long>(at), values.end());
    return values[at];
}

void print(const ReadReport& report) {
    std::printf(
        "{\"values\":%llu,\"bad\":%llu,\"seconds\":%.3f,\"first\":%.17g}\n",
        static_cast<unsigned long long>(report.values),
        static_cast<unsigned long long>(report.bad),
        report.seconds,
        report.first
    );
}

void print(SubscriptionReport report) {
    std::printf(
        "{\"notifications\":%llu,\"bad\":%llu,\"items\":%zu,\"seconds\":%.3f,\"last\":%.17g,"
        "\"age_p50_ms\":%.3f,\"age_p99_ms\":%.3f}\n",
        static_cast<unsigned long long>(report.notifications),
        static_cast<unsigned long long>(report.bad),
        report.items,
        report.seconds,
        report.last,
        percentile(report.age_ms, 0.5),
        percentile(report.age_ms, 0.99)
    );
}

// Connects and goes, over and over.
void open_sessions(const OpcUaTarget& target, unsigned count) {
    unsigned refused = 0;
    for (unsigned i = 0; i < count; ++i) {
        try {
            connect(target);
        } catch (const std::exception&) {
            ++refused;
        }
    }
    std::printf("{\"sessions\":%u,\"refused\":%u}\n", count - refused, refused);
}

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app{"OPC UA load and peer"};
    app.require_subcommand(1);
    OpcUaTarget target;
    double seconds = 5;
    auto* reading = app.add_subcommand("read", "reads as fast as it goes");
    add_target(*reading, target);
    reading->add_option("--seconds", seconds, "for so long");
    reading->callback([&] { print(read_for(target, seconds)); });

    SubscriptionOptions subscription;
    auto* subscribing = app.add_subcommand("subscribe", "monitors one variable of every device");
    add_target(*subscribing, target);
    subscribing->add_option("--seconds", subscription.seconds, "for so long");
    subscribing->add_option("--interval", subscription.interval_ms, "publishing, ms");
    subscribing->add_option("--sampling", subscription.sampling_ms, "ms");
    subscribing->add_option("--queue", subscription.queue, "of an item");
    subscribing->add_flag("--stall", subscription.stall, "takes nothing once it is subscribed");
    subscribing->callback([&] { print(subscribe(target, subscription)); });

    unsigned count = 100;
    auto* sessions = app.add_subcommand("sessions", "connects and goes, over and over");
    add_target(*sessions, target);
    sessions->add_option("--count", count, "how often");
    sessions->callback([&] { open_sessions(target, count); });

    BareServerOptions server;
    auto* serving = app.add_subcommand("serve", "open62541 alone, with a gateway's variables");
    serving->add_option("--port", server.port, "port")->required();
    serving->add_option("--certificate", server.certificate_file, "DER; without it: no security");
    serving->add_option("--key", server.key_file, "DER");
    serving->add_option("--devices", server.devices, "how many");
    serving->add_option("--updates", server.updates, "of a device, each second over all devices");
    serving->callback([&] { serve(server); });
    CLI11_PARSE(app, argc, argv);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "modax_opcua_load: " << error.what() << '\n';
    return 1;
}
