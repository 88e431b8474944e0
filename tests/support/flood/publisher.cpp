#include "support/flood/publisher.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>

namespace modax::flood {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t k_output_high = std::size_t{64} * 1024;
constexpr milliseconds k_tick{1};
constexpr milliseconds k_retry_after{20};
constexpr milliseconds k_flush_every{100};

double seconds_between(
    std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to
) {
    return std::chrono::duration<double>(to - from).count();
}

}  // namespace

// One connection with its devices and what it waits for.
class Publisher::Line {
public:
    Line(Publisher& owner, std::size_t index) : owner_{owner}, index_{index} {
        const auto lines = owner_.options_.connections;
        for (auto device = index; device < owner_.devices_.size(); device += lines) {
            devices_.push_back({device, owner_.options_.first_sequence});
        }
        connect();
    }

    void connect() {
        ConnectFields fields;
        fields.client_id = owner_.options_.client_prefix + "-" + std::to_string(index_);
        fields.clean = owner_.options_.reconnect.count() == 0;
        link_.emplace(owner_.options_.peer, owner_.poller_, index_, fields);
        ping_sent_ = false;
        ping_answered_ = false;
        resumed_ = false;
        retry_at_.reset();
    }

    Link& link() { return *link_; }
    // It would take more at once if the socket did.
    bool is_hungry() const { return owner_.options_.qos == 0 || in_flight() < window_; }
    bool is_running() const { return link_ && link_->is_open() && !link_->is_lost(); }
    std::size_t in_flight() const { return slots_.size() - free_.size(); }
    std::optional<Clock::time_point> retry_at() const { return retry_at_; }
    void wait_until(Clock::time_point time) {
        link_.reset();
        retry_at_ = time;
        if (!first_loss_) first_loss_ = time;
    }
    std::optional<Clock::time_point> first_loss() const { return first_loss_; }

    bool on_event() {
        const bool alive = link_->on_event([this](const Packet& packet) { received(packet); });
        if (alive && link_->is_open() && !resumed_) resume();
        return alive;
    }

    // Up to `allowed` new messages, as far as the window and the buffer have room.
    std::uint64_t fill(std::uint64_t allowed) {
        std::uint64_t made = 0;
        const bool acknowledged = owner_.options_.qos > 0;
        while (made < allowed && link_->unsent() < k_output_high) {
            std::uint16_t packet_id = 0;
            auto& device = devices_[next_device_];
            Slot slot{device.index, device.next_sequence, wall_micros()};
            if (acknowledged) {
                if (in_flight() >= window_) break;
                packet_id = take_slot(slot);
            }
            owner_.devices_[slot.device].append(
                link_->output(), packet_id, slot.sequence, slot.micros, false
            );
            ++device.next_sequence;
            next_device_ = (next_device_ + 1) % devices_.size();
            ++made;
        }
        published_ += made;
        return made;
    }

    // At QoS 0 the answer to a ping behind the last message shows that the broker has read all.
    bool is_settled() {
        if (owner_.options_.qos > 0) return in_flight() == 0;
        if (!ping_sent_ && link_->unsent() == 0) {
            link_->output() += ping_request();
            ping_sent_ = true;
        }
        return ping_answered_;
    }

private:
    struct DeviceState {
        std::size_t index;
        std::int64_t next_sequence;
    };
    struct Slot {
        std::size_t device = 0;
        std::int64_t sequence = 0;
        std::int64_t micros = 0;
    };

    std::uint16_t take_slot(const Slot& slot) {
        std::uint16_t packet_id = 0;
        if (free_.empty()) {
            slots_.push_back(slot);
            packet_id = static_cast<std::uint16_t>(slots_.size());
        } else {
            packet_id = free_.back();
            free_.pop_back();
            slots_[packet_id - 1U] = slot;
        }
        order_.push_back(packet_id);
        return packet_id;
    }

    // After a reconnect everything unacknowledged goes out again, in its order (MQTT 4.4).
    void resume() {
        resumed_ = true;
        first_loss_.reset();
        window_ = std::min<std::size_t>(
            owner_.options_.window, std::max<std::size_t>(1, link_->connack().receive_maximum)
        );
        for (const auto packet_id : order_) {
            const auto& slot = slots_[packet_id - 1U];
            owner_.devices_[slot.device].append(
                link_->output(), packet_id, slot.sequence, slot.micros, true
            );
        }
        owner_.report_.redelivered += order_.size();
    }

    void received(const Packet& packet) {
        if (packet.type == PacketType::pingresp) {
            ping_answered_ = true;
            owner_.report_.acknowledged += published_;
            published_ = 0;
            owner_.report_.last_acknowledgement_micros = wall_micros();
            return;
        }
        if (packet.type != PacketType::puback) return;
        const auto packet_id = read_u16(packet.body);
        const auto found = std::find(order_.begin(), order_.end(), packet_id);
        if (found == order_.end()) return;
        order_.erase(found);
        free_.push_back(packet_id);
        const auto& slot = slots_[packet_id - 1U];
        if (packet.body.size() > 2 && static_cast<std::uint8_t>(packet.body[2]) >= 0x80) {
            ++owner_.report_.refused;
            return;
        }
        const auto now = wall_micros();
        owner_.report_.latency.add(now - slot.micros);
        owner_.report_.last_acknowledgement_micros = now;
        ++owner_.report_.acknowledged;
        owner_.ledger_.acknowledged(owner_.devices_[slot.device].device(), slot.sequence);
    }

    Publisher& owner_;
    std::size_t index_;
    std::optional<Link> link_;
    std::vector<DeviceState> devices_;
    std::size_t next_device_ = 0;
    std::size_t window_ = 1;
    std::vector<Slot> slots_;
    std::vector<std::uint16_t> free_;
    std::deque<std::uint16_t> order_;
    std::uint64_t published_ = 0;
    bool resumed_ = false;
    bool ping_sent_ = false;
    bool ping_answered_ = false;
    std::optional<Clock::time_point> retry_at_;
    std::optional<Clock::time_point> first_loss_;
};

Publisher::Publisher(PublisherOptions options)
    : options_{std::move(options)}, ledger_{options_.ledger_file} {
    const auto devices = std::max(options_.devices, options_.connections);
    devices_.reserve(devices);
    for (unsigned index = 0; index < devices; ++index) {
        const auto number = std::to_string(100'000 + index).substr(1);
        devices_.emplace_back(
            options_.topic_prefix,
            options_.device_prefix + "-" + number,
            options_.qos,
            options_.peer.version
        );
    }
    report_.payload_size = devices_.front().payload_size();
}

Publisher::~Publisher() = default;

void Publisher::stop() noexcept {
    stop_ = 1;
}

bool Publisher::is_late(const char* what) {
    if (Clock::now() - started_ < options_.limit) return false;
    report_.end = PublisherReport::End::timed_out;
    report_.reason =
        std::string{"gave up after "} + std::to_string(options_.limit.count()) + " s while " + what;
    failed_ = true;
    return true;
}

bool Publisher::connect_all() {
    // A few at a time: a listen backlog has an end.
    constexpr std::size_t k_at_once = 64;
    std::size_t open = 0;
    while (open < options_.connections) {
        while (lines_.size() < options_.connections && lines_.size() - open < k_at_once) {
            lines_.push_back(std::make_unique<Line>(*this, lines_.size()));
        }
        for (const auto& event : poller_.wait(k_tick)) {
            auto& line = *lines_[event.data.u64];
            const bool was_running = line.is_running();
            if (!line.on_event()) {
                report_.end = PublisherReport::End::connection_lost;
                report_.reason = line.link().reason();
                return false;
            }
            if (line.is_running() && !was_running) ++open;
        }
        if (is_late("connecting")) return false;
    }
    return true;
}

bool Publisher::is_producing() const {
    if (stop_ != 0) return false;
    if (options_.count > 0 && report_.sent >= options_.count) return false;
    return options_.duration.count() == 0 || Clock::now() - publishing_since_ < options_.duration;
}

std::uint64_t Publisher::allowance() const {
    auto allowed = std::numeric_limits<std::uint64_t>::max();
    if (options_.count > 0) allowed = options_.count - std::min(options_.count, report_.sent);
    if (options_.rate > 0) {
        const auto due = static_cast<std::uint64_t>(
            options_.rate * seconds_between(publishing_since_, Clock::now())
        );
        allowed = std::min(allowed, due - std::min(due, report_.sent));
    }
    return allowed;
}

void Publisher::pump(std::size_t index) {
    auto& line = *lines_[index];
    if (!line.is_running()) return;
    if (is_producing()) {
        auto allowed = allowance();
        // At a given rate each line gets its turn.
        if (options_.rate > 0 && allowed > 0) {
            allowed = std::max<std::uint64_t>(1, allowed / lines_.size());
        }
        report_.sent += line.fill(allowed);
    }
    line.link().stay_writable(options_.rate == 0 && is_producing() && line.is_hungry());
    if (line.link().unsent() > 0 && !line.link().flush()) handle_loss(index);
}

void Publisher::handle_loss(std::size_t index) {
    auto& line = *lines_[index];
    if (line.link().is_open()) ledger_.lost(++report_.losses);
    report_.reason = line.link().reason();
    if (options_.reconnect.count() == 0) {
        report_.end = PublisherReport::End::connection_lost;
        failed_ = true;
        return;
    }
    line.wait_until(Clock::now() + k_retry_after);
}

void Publisher::retry_lost_lines() {
    const auto now = Clock::now();
    for (const auto& line : lines_) {
        if (!line->retry_at() || *line->retry_at() > now) continue;
        if (now - *line->first_loss() > options_.reconnect) {
            report_.end = PublisherReport::End::connection_lost;
            report_.reason += " (and could not be reached again)";
            failed_ = true;
            return;
        }
        line->connect();
    }
}

bool Publisher::is_done() const {
    return std::all_of(lines_.begin(), lines_.end(), [](const auto& line) {
        return line->is_running() && line->link().unsent() == 0 && line->is_settled();
    });
}

void Publisher::publish_until_done() {
    std::size_t first = 0;
    bool producing = true;
    while (!failed_) {
        for (const auto& event : poller_.wait(k_tick)) {
            const auto index = event.data.u64;
            if (lines_[index]->retry_at()) continue;
            if (!lines_[index]->on_event()) {
                handle_loss(index);
                if (failed_) return;
                continue;
            }
            if (options_.rate == 0) pump(index);
        }
        if (options_.rate > 0 || !producing) {
            for (std::size_t step = 0; step < lines_.size() && !failed_; ++step) {
                pump((first + step) % lines_.size());
            }
            first = (first + 1) % lines_.size();
        }
        retry_lost_lines();
        producing = is_producing();
        if (!producing && !failed_ && is_done()) return;
        const auto now = Clock::now();
        if (now - last_flush_ > k_flush_every) {
            ledger_.flush();
            last_flush_ = now;
        }
        if (is_late("publishing")) return;
    }
}

PublisherReport Publisher::run() {
    started_ = Clock::now();
    if (connect_all()) {
        publishing_since_ = Clock::now();
        report_.connect_seconds = seconds_between(started_, publishing_since_);
        report_.first_publish_micros = wall_micros();
        if (options_.rate == 0) {
            for (std::size_t index = 0; index < lines_.size(); ++index) pump(index);
        }
        publish_until_done();
        report_.seconds = static_cast<double>(
                              report_.last_acknowledgement_micros - report_.first_publish_micros
                          ) /
                          1e6;
        for (const auto& line : lines_) {
            if (!line->is_running()) continue;
            line->link().output() += disconnect_packet();
            (void)line->link().flush();
        }
    }
    ledger_.flush();
    return report_;
}

}  // namespace modax::flood
