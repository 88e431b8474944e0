#include "landing/rows.hpp"

#include "core/flat_json.hpp"

#include <nlohmann/json.hpp>

namespace modax::landing {
namespace {

// Reads {"name":value,...} as the store writes it, in order; anything deeper is left out.
class MetricsHandler final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit MetricsHandler(std::vector<Metric>& metrics) : metrics_{metrics} {}

    bool null() override { return true; }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(static_cast<double>(value)); }
    bool number_unsigned(number_unsigned_t value) override {
        return add(static_cast<double>(value));
    }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return ++depth_ == 1; }
    bool key(string_t& name) override {
        name_ = std::move(name);
        return true;
    }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return false; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
        return false;
    }

private:
    bool add(MetricValue value) {
        metrics_.push_back(Metric{std::move(name_), std::move(value)});
        return true;
    }

    std::vector<Metric>& metrics_;
    std::string name_;
    int depth_ = 0;
};

}  // namespace

void bind_reading(Statement& statement, const Reading& reading, std::string& metrics) {
    const std::int64_t time = to_micros(reading.time);
    statement.bind(1, hour_of(time))
        .bind(2, std::int64_t{reading.device->number()})
        .bind(3, time)
        .bind(4, reading.sequence)
        .bind(5, to_micros(reading.received));
    int index = 6;
    for (const double value : reading.quantities) statement.bind(index++, value);
    if (reading.is_safe) {
        statement.bind(12, std::int64_t{*reading.is_safe ? 1 : 0});
    } else {
        statement.bind_null(12);
    }
    if (reading.metrics.empty()) {
        statement.bind_null(13);
    } else {
        metrics.clear();
        append_metrics_json(metrics, reading.metrics);
        statement.bind(13, std::string_view{metrics});
    }
}

void bind_safety(Statement& statement, const SafetyStatus& status) {
    const std::int64_t time = to_micros(status.time);
    const auto flag = [](bool value) { return std::int64_t{value ? 1 : 0}; };
    statement.bind(1, hour_of(time))
        .bind(2, std::int64_t{status.device->number()})
        .bind(3, time)
        .bind(4, status.sequence)
        .bind(5, to_micros(status.received))
        .bind(6, flag(status.emergency_stop))
        .bind(7, flag(status.door_closed))
        .bind(8, flag(status.overload_detected))
        .bind(9, flag(status.temperature_ok));
}

Reading read_reading(const Statement& statement, const Device& device) {
    Reading reading;
    reading.device = &device;
    reading.time = from_micros(statement.integer(0));
    reading.sequence = statement.integer(1);
    reading.received = from_micros(statement.integer(2));
    int column = 3;
    for (double& value : reading.quantities) value = statement.number(column++);
    if (!statement.is_null(9)) reading.is_safe = statement.integer(9) != 0;
    if (!statement.is_null(10)) {
        MetricsHandler handler{reading.metrics};
        (void)nlohmann::json::sax_parse(statement.text(10), &handler);
    }
    return reading;
}

SafetyStatus read_safety(const Statement& statement, const Device& device) {
    SafetyStatus status;
    status.device = &device;
    status.time = from_micros(statement.integer(0));
    status.sequence = statement.integer(1);
    status.received = from_micros(statement.integer(2));
    status.emergency_stop = statement.integer(3) != 0;
    status.door_closed = statement.integer(4) != 0;
    status.overload_detected = statement.integer(5) != 0;
    status.temperature_ok = statement.integer(6) != 0;
    return status;
}

}  // namespace modax::landing
