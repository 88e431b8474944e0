// Hands every event of the business to whoever tells the interfaces. Owned by the gateway;
// thread-safe.
#pragma once

#include "core/business_event.hpp"
#include "core/log.hpp"

#include <functional>
#include <utility>

namespace modax::app {

class BusinessNews final : public BusinessEventSink {
public:
    BusinessNews(std::function<void(const BusinessEvent&)> tell, Log& log)
        : tell_{std::move(tell)}, log_{log} {}
    void happened(const BusinessEvent& event) noexcept override;

private:
    const std::function<void(const BusinessEvent&)> tell_;
    Log& log_;
};

}  // namespace modax::app
