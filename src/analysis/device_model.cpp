#include "analysis/device_model.hpp"

#include "analysis/state_archive.hpp"
#include "core/device_pattern.hpp"

#include <algorithm>
#include <cmath>

namespace modax::analysis {
namespace {

constexpr float k_settle = 3;          // readings after a change of the operating state
constexpr float k_quiet = 20;          // readings without a single signal's condition
constexpr double k_spindle_turns = 1;  // 1/min

// Names that say in which state a machine is, in the order of preference.
constexpr std::array<std::string_view, 4> k_state_names{
    "state", "machine_state", "operating_state", "mode"};
// Figures of the frequency domain that were computed at the edge.
constexpr std::array<std::string_view, 6> k_spectral_marks{
    "_band", "_1x", "_2x", "kurtosis", "crest", "spectrum"};

bool is_spectral(std::string_view name) {
    return std::any_of(k_spectral_marks.begin(), k_spectral_marks.end(), [&](std::string_view m) {
        return name.find(m) != std::string_view::npos;
    });
}

// FNV-1a: the same on every machine, as states are kept.
ContextKey key_of(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash == 0 ? 1 : hash;
}

// Those of the device, one for each metric.
std::vector<WearLimit> limits_of(const Device& device, const std::vector<WearLimit>& all) {
    std::vector<WearLimit> own;
    for (const WearLimit& limit : all) {
        if (!matches_device(limit.device, device.id())) continue;
        std::erase_if(own, [&](const WearLimit& other) { return other.metric == limit.metric; });
        own.push_back(limit);
    }
    return own;
}

}  // namespace

DeviceModel::Signal::Signal(std::string named) : name{std::move(named)}, model{is_spectral(name)} {}

DeviceModel::DeviceModel(const Device& device, const ModelOptions& options)
    : device_{&device}, options_{options}, alarm_{options.alarm} {
    options_.wear_limits = limits_of(device, options.wear_limits);
}

// Readings of a device have mostly the same members in the same order.
DeviceModel::Signal* DeviceModel::find(std::string_view name, std::size_t& expected) {
    if (expected < signals_.size() && signals_[expected].name == name) return &signals_[expected++];
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        if (signals_[i].name != name) continue;
        expected = i + 1;
        return &signals_[i];
    }
    if (signals_.size() == k_most_signals) return nullptr;
    signals_.emplace_back(std::string{name});
    expected = signals_.size();
    return &signals_.back();
}

void DeviceModel::observe_state(const Reading& reading) {
    std::string_view named;
    for (const Metric& metric : reading.metrics) {
        const auto* const text = std::get_if<std::string>(&metric.value);
        if (text == nullptr) continue;
        if (std::find(k_state_names.begin(), k_state_names.end(), metric.name) !=
            k_state_names.end()) {
            named = *text;
        }
    }
    if (named.empty() && reading.has(Quantity::spindle_speed)) {
        named = reading[Quantity::spindle_speed] > k_spindle_turns ? "spindle on" : "spindle off";
    }
    if (named.empty() || named == operating_.name) {
        operating_.samples = std::min(operating_.samples + 1, 1e7F);
        return;
    }
    operating_.name = named;
    operating_.key = key_of(named);
    operating_.samples = 1;
}

void DeviceModel::add(std::string_view name, double value, std::size_t& expected) {
    if (!std::isfinite(value)) return;
    Signal* const signal = find(name, expected);
    if (signal == nullptr) return;
    signal->present = true;
    signal->finding = signal->model.step(
        {.time = time_,
         .value = value,
         .context = operating_.key,
         .settling = settling_,
         .learn = learn_,
         .handicap = handicap_,
         .thresholds = options_.thresholds}
    );
    for (const WearLimit& limit : options_.wear_limits) {
        if (limit.metric == name) signal->wear.add(time_, value);
    }
}

DeviceModel::Row DeviceModel::step(const Reading& reading) {
    // Time goes forward only: a late reading is stored, but the models are past it.
    if (readings_ > 0 && reading.time < time_) return Row{.has_anomaly = alarm_.active()};
    time_ = reading.time;
    ++readings_;
    observe_state(reading);
    learn_ = reading.is_safe.value_or(true);
    settling_ = operating_.key != 0 && operating_.samples <= k_settle;
    for (Signal& signal : signals_) signal.present = false;
    handicap_ = signals_.empty() ? 0 : std::log10(static_cast<double>(signals_.size()));
    std::size_t expected = 0;
    for (std::size_t i = 0; i < k_quantity_count; ++i) {
        if (!std::isnan(reading.quantities[i])) {
            add(k_quantity_names[i], reading.quantities[i], expected);
        }
    }
    for (const Metric& metric : reading.metrics) {
        if (const auto* const value = std::get_if<double>(&metric.value)) {
            add(metric.name, *value, expected);
        }
    }
    for (Signal& signal : signals_) {
        if (!signal.present) signal.finding = signal.model.silence(time_);
    }
    step_correlation(learn_ && !any_single_condition());
    return conclude(time_);
}

DeviceModel::Row DeviceModel::tick(Timestamp now) {
    if (readings_ == 0 || now < time_) return Row{.has_anomaly = alarm_.active()};
    for (Signal& signal : signals_) {
        if (signal.model.is_late(now)) signal.finding = signal.model.silence(now);
    }
    return conclude(now);
}

bool DeviceModel::any_single_condition() const {
    return std::any_of(signals_.begin(), signals_.end(), [](const Signal& signal) {
        return signal.finding.active;
    });
}

void DeviceModel::step_correlation(bool learn) {
    quiet_ = any_single_condition() ? 0 : std::min(quiet_ + 1, 1e7F);
    if (settling_ || signals_.size() < 2 || signals_.size() > CorrelationModel::k_most_signals) {
        return;
    }
    values_.clear();
    for (const Signal& signal : signals_) {
        if (!signal.present || !signal.model.settled()) return;
        values_.push_back(signal.model.normalised());
    }
    correlation_.step(values_, learn);
}

DeviceModel::Row DeviceModel::conclude(Timestamp now) {
    Row row;
    learning_ = false;
    bool condition = false;
    for (Signal& signal : signals_) {
        learning_ = learning_ || signal.model.learning();
        row.score = std::max(row.score, signal.finding.score);
        condition = condition || signal.finding.active;
    }
    // What a single signal shows explains why the correlation is broken.
    const bool was = correlation_active_;
    correlation_active_ = correlation_.warm() && correlation_.alarm() && (was || quiet_ >= k_quiet);
    if (correlation_active_ && !was) {
        row.score =
            std::max(row.score, score_of_decades(k_alarm_decades * correlation_.distance()));
    }
    score_ = row.score;
    condition = condition || correlation_active_;
    const bool had = alarm_.active();
    const double score = condition ? std::max(row.score, k_alarm_score) : 0;
    row.changed = alarm_.step(now, condition, decades_of_score(score));
    row.has_anomaly = alarm_.active();
    if (!row.has_anomaly) {
        for (Signal& signal : signals_) {
            signal.involved = false;
            signal.peak = 0;
        }
        peak_ = 0;
        correlation_shown_ = {};
        return row;
    }
    if (!had) peak_ = 0;
    peak_ = std::max(peak_, score);
    for (Signal& signal : signals_) {
        if (!signal.finding.active) continue;
        signal.involved = true;
        signal.shown = signal.finding;
        signal.peak = std::max({signal.peak, signal.finding.score, signal.finding.began ? 0.8 : 0});
    }
    const AnomalyType type_was = type_;
    if (const Signal* const first = strongest()) {
        type_ = first->finding.type;
        confidence_ = first->finding.confidence;
    } else if (correlation_active_) {
        show_correlation();
        type_ = AnomalyType::correlation_break;
        confidence_ = std::min(0.95, 0.5 + 0.2 * correlation_.distance());
    }
    row.type = type_;
    row.confidence = confidence_;
    row.changed = row.changed || type_ != type_was;
    return row;
}

void DeviceModel::show_correlation() {
    const std::size_t worst = correlation_.worst();
    if (worst >= signals_.size()) return;
    const Signal& signal = signals_[worst];
    const double expected = correlation_.expected_of_worst();
    const double reach = correlation_.spread_of_worst();
    correlation_shown_ = {
        .name = signal.name,
        .observed = signal.model.last_value(),
        .expected_low = signal.model.raw(expected - reach),
        .expected_high = signal.model.raw(expected + reach),
        .score = score_of_decades(k_alarm_decades * correlation_.distance()),
        .type = AnomalyType::correlation_break};
}

const DeviceModel::Signal* DeviceModel::strongest() const {
    const Signal* found = nullptr;
    for (const Signal& signal : signals_) {
        if (!signal.finding.active) continue;
        if (found == nullptr || signal.peak > found->peak) found = &signal;
    }
    return found;
}

void DeviceModel::maintained(Timestamp now) {
    for (Signal& signal : signals_) {
        signal.model.maintained();
        signal.wear.restart();
        signal.finding = {};
    }
    correlation_ = CorrelationModel{};
    alarm_.acknowledge(now);
}

template <class A>
void DeviceModel::archive(A& a) {
    std::int64_t time = to_micros(time_);
    a(time,
      readings_,
      signals_,
      correlation_,
      operating_,
      alarm_,
      peak_,
      type_,
      confidence_,
      learning_,
      correlation_active_,
      quiet_,
      score_,
      correlation_shown_.name,
      correlation_shown_.observed,
      correlation_shown_.expected_low,
      correlation_shown_.expected_high,
      correlation_shown_.score,
      correlation_shown_.type);
    time_ = from_micros(time);
}

std::string DeviceModel::save() {
    StateWriter writer;
    std::string version{k_model_version};
    writer(version);
    archive(writer);
    return writer.take();
}

Status DeviceModel::restore(std::string_view state) {
    DeviceModel restored{*device_, options_};
    StateReader reader{state};
    std::string version;
    reader(version);
    if (reader.ok() && version != k_model_version) {
        return fail(
            Errc::data_loss,
            "the state of '" + device_->id() + "' is of model version '" + version +
                "', this is '" + std::string{k_model_version} + "'; the device is learned anew"
        );
    }
    restored.archive(reader);
    if (!reader.complete()) {
        return fail(
            Errc::data_loss,
            "the state of '" + device_->id() + "' is damaged; the device is learned anew"
        );
    }
    *this = std::move(restored);
    return {};
}

}  // namespace modax::analysis
