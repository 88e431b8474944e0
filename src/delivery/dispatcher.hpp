// Delivers what the outbox holds for one connector, one after the other, on a thread of its own.
// Owned by app; everything handed over must outlive it.
#pragma once

#include "core/clock.hpp"
#include "core/delivery.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/random.hpp"
#include "core/token_bucket.hpp"
#include "delivery/circuit.hpp"
#include "delivery/retry.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace modax::delivery {

struct DispatcherOptions {
    std::string connector;
    RetryRules retry;
    unsigned per_second = 50;  // calls, at most
};

class Dispatcher final : public BusinessEventSink, public MetricSource {
public:
    Dispatcher(
        DispatcherOptions options,
        OutboxStore& outbox,
        DeliveryChannel& channel,
        const Clock& clock,
        Random& random,
        Log& log
    );
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;
    ~Dispatcher() override;

    void start();
    // Ends the call under way; what it may have done is in doubt. Idempotent.
    void stop();

    // Something may be due; any thread.
    void wake() noexcept;
    void happened(const BusinessEvent&) noexcept override { wake(); }

    // At most one delivery; returns how long nothing needs to be done. For the thread and tests.
    std::chrono::milliseconds step();

    bool circuit_open() const { return circuit_open_.load(); }
    std::string last_problem() const;
    void collect(MetricSink& sink) const override;

private:
    void run(const std::stop_token& stopping);
    void refresh_figures();
    CallResult call(const Delivery& delivery);
    void note(CallOutcome outcome, const std::string& reason);
    DeliveryResult judge(const Delivery& delivery, CallResult&& result);
    DeliveryResult wait_for_person(const Delivery& delivery) const;

    const DispatcherOptions options_;
    OutboxStore& outbox_;
    DeliveryChannel& channel_;
    const Clock& clock_;
    Random& random_;
    Log& log_;
    Circuit circuit_;
    TokenBucket bucket_;
    SteadyTime next_figures_{};

    std::atomic<bool> circuit_open_{false};
    std::array<std::atomic<std::uint64_t>, 5> outcomes_{};  // by CallOutcome
    mutable std::mutex shown_mutex_;
    OutboxFigures figures_;
    std::string last_problem_;

    std::mutex wake_mutex_;
    std::condition_variable_any woken_;
    bool wake_ = false;
    std::jthread thread_;
};

}  // namespace modax::delivery
