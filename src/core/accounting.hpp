// The accounting identity of ingest, exact whenever it is read:
//   received = stored + duplicate + quarantined + dropped
// A message counts as received when its fate is known; until then it is `pending`.
#pragma once

#include "core/landing.hpp"
#include "core/metrics.hpp"

#include <array>
#include <cstdint>
#include <mutex>

namespace modax {

enum class DropReason : std::uint8_t { qos0_queue_full };
inline constexpr std::array<std::string_view, 1> k_drop_reason_names{"qos0_queue_full"};

// Thread-safe.
class Accounting final : public OutcomeSink, public MetricSource {
public:
    struct Figures {
        std::uint64_t received = 0;
        std::uint64_t stored = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t quarantined = 0;
        std::array<std::uint64_t, k_drop_reason_names.size()> dropped{};
        std::uint64_t pending = 0;  // submitted, not yet committed
    };

    void submitted(std::uint64_t messages);
    void committed(const IngestOutcome& outcome) noexcept override;
    // Messages that were never submitted.
    void dropped(DropReason reason, std::uint64_t messages);
    // Messages that were announced by submitted() and then refused by the writer.
    void withdrawn(DropReason reason, std::uint64_t messages);
    Figures figures() const;
    void collect(MetricSink& sink) const override;

private:
    mutable std::mutex mutex_;
    Figures figures_;
};

}  // namespace modax
