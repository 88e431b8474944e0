#include "http/server.hpp"

#include "http/call.hpp"
#include "http/io_thread.hpp"
#include "http/listener.hpp"
#include "http/live_feed.hpp"
#include "http/openapi.hpp"
#include "http/permits.hpp"
#include "http/rate_limits.hpp"
#include "http/tickets.hpp"
#include "http/tls.hpp"
#include "http/worker_pool.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace modax::http {

namespace {
constexpr std::chrono::seconds k_stop_time{2};
constexpr std::chrono::milliseconds k_stop_poll{5};

unsigned io_threads(unsigned wanted) {
    if (wanted > 0) return wanted;
    return std::thread::hardware_concurrency() <= 2 ? 1 : 2;
}
}  // namespace

// Everything behind the server, in the order of construction.
class Server::Parts {
public:
    Parts(ServerOptions options, Dependencies dependencies)
        : options_{std::move(options)},
          dependencies_{std::move(dependencies)},
          tickets_{dependencies_.clock, dependencies_.random},
          live_clients_{options_.websocket.max_clients},
          connections_{options_.max_connections},
          rate_limits_{options_.rate_limits, dependencies_.clock},
          services_{
              options_,
              dependencies_,
              tickets_,
              live_clients_,
              rate_limits_,
              std::make_shared<const std::string>(openapi_json(dependencies_.version)),
              std::make_shared<const std::string>(asyncapi_json(dependencies_.version))} {}

    Result<Endpoints> start() {
        workers_ = std::make_unique<WorkerPool>(
            std::max(1U, options_.workers), options_.max_queued_work, dependencies_.log
        );
        for (unsigned i = 0; i < io_threads(options_.threads); ++i) {
            threads_.push_back(std::make_unique<IoThread>(services_, *workers_));
            figures_.push_back(&std::as_const(*threads_.back()).figures());
        }
        Endpoints endpoints;
        if (options_.plain) {
            auto taken = listen(*options_.plain, nullptr);
            if (!taken) return tl::make_unexpected(std::move(taken.error()));
            endpoints.plain = std::move(*taken);
        }
        if (options_.tls) {
            auto context = make_tls_context(options_);
            if (!context) return tl::make_unexpected(std::move(context.error()));
            tls_ = std::make_unique<boost::asio::ssl::context>(std::move(*context));
            auto taken = listen(*options_.tls, tls_.get());
            if (!taken) return tl::make_unexpected(std::move(taken.error()));
            endpoints.tls = std::move(*taken);
        }
        for (const auto& listener : listeners_) listener->start();
        for (const auto& thread : threads_) thread->start();
        running_ = true;
        return endpoints;
    }

    Status reload_certificates() {
        const std::lock_guard lock{stopping_};
        if (!running_ || tls_ == nullptr) return {};
        auto context = make_tls_context(options_);
        if (!context) return tl::make_unexpected(std::move(context.error()));
        // On the thread that accepts, and in place, because the listener refers to it. Connections
        // hold what they began with.
        boost::asio::post(
            threads_.front()->context(),
            [this, fresh = std::make_shared<boost::asio::ssl::context>(std::move(*context))] {
                *tls_ = std::move(*fresh);
            }
        );
        return {};
    }

    void notify(std::string kind, std::string json, const Device* device) {
        // Without the lock of stop(), which waits for the very threads that may be here.
        const auto text = std::make_shared<const std::string>(std::move(json));
        for (const auto& thread : threads_) {
            boost::asio::post(thread->context(), [at = thread.get(), kind, text, device] {
                at->feed().notify(kind, *text, device);
            });
        }
    }

    void stop() {
        const std::lock_guard lock{stopping_};
        if (!std::exchange(running_, false)) return;
        boost::asio::post(threads_.front()->context(), [this] {
            for (const auto& listener : listeners_) listener->close();
        });
        for (const auto& thread : threads_) thread->begin_stop();
        // By the steady clock itself: a test's clock may stand still.
        const auto until = std::chrono::steady_clock::now() + k_stop_time;
        while (!idle() && std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(k_stop_poll);
        }
        workers_->stop();
        for (const auto& thread : threads_) thread->join();
    }

    void collect(MetricSink& sink) const {
        collect_figures(figures_, sink);
        sink.gauge(
            "modax_http_connections", "Connections open", static_cast<double>(connections_.taken())
        );
        rate_limits_.collect(sink);
        if (!workers_) return;
        sink.gauge(
            "modax_http_queued_work",
            "Requests that wait for a worker",
            static_cast<double>(workers_->queued())
        );
    }

private:
    Result<Address> listen(const Address& address, boost::asio::ssl::context* tls) {
        listeners_.push_back(
            std::make_unique<Listener>(threads_, connections_, options_, dependencies_.log, tls)
        );
        return listeners_.back()->open(address);
    }

    bool idle() const {
        return std::all_of(threads_.begin(), threads_.end(), [](const auto& thread) {
            return thread->idle();
        });
    }

    ServerOptions options_;
    Dependencies dependencies_;
    Tickets tickets_;
    Permits live_clients_;
    Permits connections_;
    RateLimits rate_limits_;
    Services services_;
    std::mutex stopping_;
    bool running_ = false;
    std::unique_ptr<boost::asio::ssl::context> tls_;
    std::vector<const Figures*> figures_;
    std::unique_ptr<WorkerPool> workers_;
    std::vector<std::unique_ptr<IoThread>> threads_;
    std::vector<std::unique_ptr<Listener>> listeners_;
};

Server::Server(ServerOptions options, Dependencies dependencies)
    : parts_{std::make_unique<Parts>(std::move(options), std::move(dependencies))} {}

Server::~Server() {
    stop();
}

Result<Endpoints> Server::start() {
    return parts_->start();
}

Status Server::reload_certificates() {
    return parts_->reload_certificates();
}

void Server::notify(std::string_view kind, std::string json, const Device* device) {
    parts_->notify(std::string{kind}, std::move(json), device);
}

void Server::stop() {
    parts_->stop();
}

void Server::collect(MetricSink& sink) const {
    parts_->collect(sink);
}

}  // namespace modax::http
