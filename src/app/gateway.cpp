#include "app/gateway.hpp"

#include "app/endpoints_file.hpp"
#include "app/gateway_parts.hpp"

#include <sys/resource.h>

#include <utility>

namespace modax::app {
namespace {

// Changes by the command line take effect within a second (PROMISES P10).
constexpr std::chrono::milliseconds k_upkeep_interval{400};

// What is in memory must not get on a disk (PROMISES 3.4).
void forbid_core_dumps() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of write(2)
    return signals;
}

// From the outside in: first nothing new comes, then what came is stored.
void Gateway::Parts::stop() {
    if (announced) {
        // Not being there any more is what the file tells; a failure to remove it is logged only.
        if (auto removed = files.remove(endpoints_file(config.data_dir)); !removed) {
            log->warn("gateway", removed.error().detail);
        }
    }
    if (server) server->stop();
    if (opcua_server) opcua_server->stop();
    if (deliveries) deliveries->stop();
    if (mqtt_thread) {
        mqtt_thread->run_and_wait([this] {
            if (uplink) uplink->stop();
            if (listener) listener->stop();
            if (intake) intake->flush();
        });
        mqtt_thread->stop();
    }
    plant_upkeep.reset();
    if (writer) writer->stop();
    if (analysis) analysis->stop();
    if (unusual_access) save_access_profiles();
    trail.reset();
    if (checkpoints) make_checkpoint(&security::Checkpoints::make_now);
    if (announced) log->info("gateway", "stopped");
}

Gateway::Gateway(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

Gateway::~Gateway() {
    parts_->stop();
}

Result<std::unique_ptr<Gateway>> Gateway::start(const config::Config& config) {
    if (!config.allow_core_dumps) forbid_core_dumps();
    auto gateway = std::unique_ptr<Gateway>{new Gateway{std::make_unique<Parts>(config)}};
    if (auto built = gateway->parts_->build(); !built) {
        return tl::make_unexpected(built.error());
    }
    return gateway;
}

void Gateway::run() {
    for (;;) {
        parts_->upkeep();
        constexpr timespec k_between{0, std::chrono::nanoseconds{k_upkeep_interval}.count()};
        const int signal = sigtimedwait(&parts_->signals, nullptr, &k_between);
        if (signal < 0) continue;  // nothing came
        if (signal != SIGHUP) {
            parts_->log->info("gateway", "stopping");
            parts_->told(parts_->service_manager.stopping());
            return;
        }
        parts_->certificates->reload([this] { return parts_->reload_certificates(); });
    }
}

}  // namespace modax::app
