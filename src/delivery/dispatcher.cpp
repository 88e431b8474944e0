#include "delivery/dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace modax::delivery {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_idle{500};
constexpr milliseconds k_after_failure{1000};
constexpr std::chrono::seconds k_figures_interval{1};
// Longer than any call with its lookup and handshake may take.
constexpr std::chrono::minutes k_lease{5};

}  // namespace

Dispatcher::Dispatcher(
    DispatcherOptions options,
    OutboxStore& outbox,
    DeliveryChannel& channel,
    const Clock& clock,
    Random& random,
    Log& log
)
    : options_{std::move(options)},
      outbox_{outbox},
      channel_{channel},
      clock_{clock},
      random_{random},
      log_{log},
      bucket_{options_.per_second, static_cast<double>(options_.per_second), clock.steady_now()} {}

Dispatcher::~Dispatcher() {
    stop();
}

void Dispatcher::start() {
    thread_ = std::jthread{[this](const std::stop_token& stopping) { run(stopping); }};
}

void Dispatcher::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    channel_.interrupt();
    thread_.join();
}

void Dispatcher::wake() noexcept {
    {
        const std::lock_guard lock{wake_mutex_};
        wake_ = true;
    }
    woken_.notify_one();
}

void Dispatcher::run(const std::stop_token& stopping) {
    while (!stopping.stop_requested()) {
        milliseconds wait = k_after_failure;
        try {
            wait = step();
        } catch (const std::exception& failure) {
            log_.error(
                "delivery",
                "a delivery ended with an error of the program",
                {{"connector", options_.connector}, {"what", std::string{failure.what()}}}
            );
        }
        std::unique_lock lock{wake_mutex_};
        woken_.wait_for(lock, stopping, std::min(wait, k_idle), [this] { return wake_; });
        wake_ = false;
    }
}

milliseconds Dispatcher::step() {
    if (clock_.steady_now() >= next_figures_) refresh_figures();
    if (!circuit_.allows(clock_.steady_now())) return circuit_.wait(clock_.steady_now());
    if (bucket_.empty(clock_.steady_now())) return milliseconds{1000 / options_.per_second + 1};
    const auto now = clock_.now();
    auto claimed = outbox_.claim(options_.connector, now, now + k_lease);
    if (!claimed) {
        note(CallOutcome::transient, claimed.error().detail);
        return k_after_failure;
    }
    if (!*claimed) return k_idle;
    const Delivery& delivery = **claimed;
    const bool in_doubt = delivery.state == "in_doubt" && !channel_.repeatable();
    const DeliveryResult result = in_doubt && !channel_.can_look_up()
                                      ? wait_for_person(delivery)
                                      : judge(delivery, call(delivery));
    if (auto finished = outbox_.finish(delivery, result); !finished) {
        // The row stays in flight, so that nothing is sent twice; a start puts it in doubt.
        log_.error(
            "delivery",
            "the result of a delivery can't be stored",
            {{"delivery", std::to_string(delivery.id)}, {"reason", finished.error().detail}}
        );
        return k_after_failure;
    }
    return milliseconds{0};
}

// Never sends what may be there without having looked.
CallResult Dispatcher::call(const Delivery& delivery) {
    bucket_.charge(clock_.steady_now());
    if (delivery.state == "in_doubt" && !channel_.repeatable()) {
        CallResult looked = channel_.look_up(delivery);
        if (looked.outcome != CallOutcome::permanent) {
            // A question that failed leaves the doubt as it was.
            if (looked.outcome != CallOutcome::delivered &&
                looked.outcome != CallOutcome::configuration) {
                looked.outcome = CallOutcome::ambiguous;
            }
            return looked;
        }
    }
    return channel_.send(delivery);
}

DeliveryResult Dispatcher::wait_for_person(const Delivery& delivery) const {
    return {
        "in_doubt",
        delivery.attempts,
        k_never,
        delivery.request,
        delivery.answer,
        "may have arrived, and the connector can't look it up: compare with the other system, then "
        "retry or discard it. " +
            delivery.reason};
}

DeliveryResult Dispatcher::judge(const Delivery& delivery, CallResult&& result) {
    note(result.outcome, result.reason);
    const auto steady = clock_.steady_now();
    const auto now = clock_.now();
    DeliveryResult done{"delivered", delivery.attempts, now, {}, {}, {}};
    done.request = std::move(result.request);
    done.answer = std::move(result.answer);
    done.reason = std::move(result.reason);
    const bool doubt = result.outcome == CallOutcome::ambiguous ||
                       (delivery.state == "in_doubt" && result.outcome != CallOutcome::transient);
    switch (result.outcome) {
        case CallOutcome::delivered:
            circuit_.succeeded();
            break;
        case CallOutcome::permanent:
            circuit_.succeeded();  // it answers
            done.state = "dead";
            break;
        case CallOutcome::configuration:
            circuit_.trip(steady);
            done.state = doubt ? "in_doubt" : "queued";
            done.attempts = delivery.attempts == 0 ? 0 : delivery.attempts - 1;
            break;
        case CallOutcome::transient:
        case CallOutcome::ambiguous:
            circuit_.failed(steady);
            done.state = doubt ? "in_doubt" : "queued";
            done.next_attempt =
                now + retry_delay(options_.retry, delivery.attempts, result.retry_after, random_);
            if (given_up(options_.retry, delivery.attempts, delivery.created, now)) {
                done.state = doubt ? "in_doubt" : "dead";
                done.next_attempt = k_never;
                done.reason = "given up after " + std::to_string(delivery.attempts) +
                              " attempts: " + done.reason;
            }
            break;
    }
    circuit_open_.store(circuit_.open());
    return done;
}

void Dispatcher::note(CallOutcome outcome, const std::string& reason) {
    ++outcomes_.at(static_cast<std::size_t>(outcome));
    if (outcome == CallOutcome::delivered) return;
    const auto level = outcome == CallOutcome::transient || outcome == CallOutcome::ambiguous
                           ? LogLevel::warn
                           : LogLevel::error;
    const std::array fields{
        LogField{"connector", options_.connector},
        LogField{"outcome", std::string{name_of(outcome)}},
        LogField{"reason", reason}};
    log_.write(level, "delivery", "a delivery did not succeed", fields);
    const std::lock_guard lock{shown_mutex_};
    last_problem_ = reason;
}

void Dispatcher::refresh_figures() {
    next_figures_ = clock_.steady_now() + k_figures_interval;
    const auto figures = outbox_.outbox_figures(options_.connector);
    if (!figures) return;  // the claim that follows fails as well, and tells
    const std::lock_guard lock{shown_mutex_};
    figures_ = *figures;
}

std::string Dispatcher::last_problem() const {
    const std::lock_guard lock{shown_mutex_};
    return last_problem_;
}

void Dispatcher::collect(MetricSink& sink) const {
    OutboxFigures figures;
    {
        const std::lock_guard lock{shown_mutex_};
        figures = figures_;
    }
    const MetricLabels labels{{"connector", options_.connector}};
    const auto age = std::chrono::duration<double>(clock_.now() - figures.oldest).count();
    sink.gauge(
        "modax_outbox_depth", "Deliveries that wait", static_cast<double>(figures.waiting), labels
    );
    sink.gauge(
        "modax_outbox_oldest_seconds",
        "Age of the oldest delivery that waits",
        figures.waiting == 0 ? 0.0 : std::max(age, 0.0),
        labels
    );
    sink.gauge(
        "modax_outbox_in_doubt",
        "Deliveries that may have arrived",
        static_cast<double>(figures.in_doubt),
        labels
    );
    sink.gauge(
        "modax_outbox_dead",
        "Deliveries that can't succeed as they are",
        static_cast<double>(figures.dead),
        labels
    );
    sink.gauge(
        "modax_delivery_circuit_open",
        "1 while nothing is sent because the last calls failed",
        circuit_open() ? 1 : 0,
        labels
    );
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
        sink.counter(
            "modax_delivery_calls_total",
            "Calls of other systems by outcome",
            static_cast<double>(outcomes_.at(i).load()),
            {{"connector", options_.connector}, {"outcome", name_of(static_cast<CallOutcome>(i))}}
        );
    }
}

}  // namespace modax::delivery
