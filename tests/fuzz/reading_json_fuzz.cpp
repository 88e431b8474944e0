// Payloads as readings and as safety statuses: whatever comes, the decoder answers, and what it
// takes keeps to the limits that the rest of the gateway relies on. The first byte chooses whether
// the topic names a device.
#include "core/flat_json.hpp"
#include "ingest/decoder.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

namespace {

using namespace modax;

constexpr Timestamp k_arrival = from_micros(1'767'225'600'000'000);

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const Reading& reading) {
    require(reading.device != nullptr && is_valid_device_id(reading.device->id()));
    require(reading.time <= k_arrival + std::chrono::hours{24});
    require(reading.metrics.size() <= ingest::k_max_metrics);
    for (const double value : reading.quantities) {
        require(std::isnan(value) || std::abs(value) <= 1e16);
    }
    std::set<std::string> names;
    for (const Metric& metric : reading.metrics) {
        require(names.insert(metric.name).second);
        if (const auto* text = std::get_if<std::string>(&metric.value)) {
            require(text->size() <= ingest::k_max_text);
        }
    }
    // What the gateway republishes is a reading again, with the same values.
    static DeviceRegistry devices;
    static ingest::Decoder decoder{ingest::DecoderOptions{.max_payload = 1024 * 1024}, devices};
    std::string republished;
    append_flat_json(republished, reading);
    const auto again = decoder.decode_reading(reading.device->id(), republished, k_arrival);
    require(again.has_value());
    require(again->time == reading.time && again->is_safe == reading.is_safe);
    require(again->metrics == reading.metrics);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view device = data[0] % 2 == 0 ? "cnc-01" : "";
    const std::string_view payload{reinterpret_cast<const char*>(data) + 1, size - 1};
    // A registry for each input, as the decoder registers what it is shown.
    DeviceRegistry devices;
    ingest::Decoder decoder{ingest::DecoderOptions{}, devices};
    if (const auto reading = decoder.decode_reading(device, payload, k_arrival)) {
        check(*reading);
    } else {
        require(!reading.error().detail.empty());
        require(reading.error().detail.find('\n') == std::string::npos);
    }
    if (const auto status = decoder.decode_safety(device, payload, k_arrival)) {
        require(status->device != nullptr && status->device->last_is_safe() == status->is_safe());
    }
    return 0;
}
