#include "core/accounting.hpp"

namespace modax {

void Accounting::submitted(std::uint64_t messages) {
    const std::lock_guard lock{mutex_};
    figures_.pending += messages;
}

void Accounting::committed(const IngestOutcome& outcome) noexcept {
    const auto messages = outcome.stored + outcome.duplicates + outcome.quarantined;
    const std::lock_guard lock{mutex_};
    figures_.pending -= messages;
    figures_.received += messages;
    figures_.stored += outcome.stored;
    figures_.duplicates += outcome.duplicates;
    figures_.quarantined += outcome.quarantined;
}

void Accounting::dropped(DropReason reason, std::uint64_t messages) {
    const std::lock_guard lock{mutex_};
    figures_.received += messages;
    figures_.dropped[static_cast<std::size_t>(reason)] += messages;
}

void Accounting::withdrawn(DropReason reason, std::uint64_t messages) {
    const std::lock_guard lock{mutex_};
    figures_.pending -= messages;
    figures_.received += messages;
    figures_.dropped[static_cast<std::size_t>(reason)] += messages;
}

Accounting::Figures Accounting::figures() const {
    const std::lock_guard lock{mutex_};
    return figures_;
}

void Accounting::collect(MetricSink& sink) const {
    const Figures now = figures();
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    sink.counter(
        "modax_ingest_received_total",
        "Messages on the ingest topics whose fate is known: the sum of stored, duplicate, "
        "quarantined and dropped",
        number(now.received)
    );
    sink.counter(
        "modax_ingest_stored_total", "Readings and safety statuses stored", number(now.stored)
    );
    sink.counter(
        "modax_ingest_duplicate_total",
        "Redelivered messages, stored before",
        number(now.duplicates)
    );
    sink.counter(
        "modax_ingest_quarantined_total", "Messages that are no reading", number(now.quarantined)
    );
    for (std::size_t i = 0; i < now.dropped.size(); ++i) {
        sink.counter(
            "modax_ingest_dropped_total",
            "Unacknowledged messages dropped on overload",
            number(now.dropped[i]),
            {{"reason", k_drop_reason_names[i]}}
        );
    }
    sink.gauge("modax_ingest_pending", "Messages taken and not yet committed", number(now.pending));
}

}  // namespace modax
