// The flood itself: N connections that publish readings as fast as asked, with a window of
// unacknowledged messages each. One thread; run() returns when all is done or can't be.
#pragma once

#include "support/flood/histogram.hpp"
#include "support/flood/ledger.hpp"
#include "support/flood/link.hpp"
#include "support/flood/reading_template.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace modax::flood {

struct PublisherOptions {
    Peer peer;
    unsigned connections = 1;
    unsigned devices = 0;  // 0: one for each connection
    std::uint8_t qos = 1;
    unsigned window = 1000;   // unacknowledged messages of one connection
    std::uint64_t count = 0;  // messages in all; 0: until `duration`
    std::chrono::seconds duration{0};
    double rate = 0;                    // messages per second in all; 0: as fast as possible
    std::chrono::seconds limit{300};    // gives up after this time
    std::chrono::seconds reconnect{0};  // keeps trying for so long after a loss; 0: exits
    std::int64_t first_sequence = k_lowest_sequence;
    std::string topic_prefix = "modax/sensor/data";
    std::string device_prefix = "flood";
    std::string client_prefix = "modax-flood";
    std::string ledger_file;
};

struct PublisherReport {
    enum class End : std::uint8_t { complete, connection_lost, timed_out };
    End end = End::complete;
    std::string reason;
    std::uint64_t sent = 0;          // without redelivery
    std::uint64_t acknowledged = 0;  // QoS 0: what the broker had read when it answered a ping
    std::uint64_t redelivered = 0;
    std::uint64_t refused = 0;  // PUBACK with an error reason
    std::uint64_t losses = 0;   // of connections
    double connect_seconds = 0;
    double seconds = 0;  // first publish to last acknowledgement
    std::int64_t first_publish_micros = 0;
    std::int64_t last_acknowledgement_micros = 0;
    std::size_t payload_size = 0;
    Histogram latency;  // publish to PUBACK
};

class Publisher {
public:
    explicit Publisher(PublisherOptions options);
    ~Publisher();
    PublisherReport run();
    // From a signal handler: no further messages; waits for what is on the way.
    void stop() noexcept;

private:
    class Line;
    using Clock = std::chrono::steady_clock;

    bool connect_all();
    void publish_until_done();
    void pump(std::size_t index);
    void handle_loss(std::size_t index);
    void retry_lost_lines();
    bool is_producing() const;
    std::uint64_t allowance() const;
    bool is_done() const;
    bool is_late(const char* what);

    PublisherOptions options_;
    Poller poller_;
    Ledger ledger_;
    PublisherReport report_;
    std::vector<std::unique_ptr<Line>> lines_;
    std::vector<ReadingTemplate> devices_;
    Clock::time_point started_;
    Clock::time_point publishing_since_;
    Clock::time_point last_flush_;
    volatile std::sig_atomic_t stop_ = 0;
    bool failed_ = false;
};

}  // namespace modax::flood
