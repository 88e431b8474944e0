#include "support/opcua_load/subscription.hpp"

#include <open62541/client_subscriptions.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace modax::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t k_items_of_a_request = 1000;

struct Count {
    SubscriptionReport report;
    bool counting = false;
    std::uint64_t first = 0;
};

void on_value(UA_Client*, UA_UInt32, void*, UA_UInt32, void* context, UA_DataValue* value) {
    auto& count = *static_cast<Count*>(context);
    if (!count.counting) {
        ++count.first;
        return;
    }
    ++count.report.notifications;
    if (UA_StatusCode_isBad(value->status)) ++count.report.bad;
    if (value->hasSourceTimestamp) {
        const auto age = UA_DateTime_now() - value->sourceTimestamp;
        count.report.age_ms.push_back(static_cast<double>(age) / UA_DATETIME_MSEC);
    }
    if (UA_Variant_hasScalarType(&value->value, &UA_TYPES[UA_TYPES_DOUBLE])) {
        count.report.last = *static_cast<const double*>(value->value.data);
    }
}

void monitor(
    UA_Client* client,
    UA_UInt32 subscription,
    const OpcUaTarget& target,
    const SubscriptionOptions& options,
    Count& count
) {
    const auto all = nodes_of(target);
    for (std::size_t begin = 0; begin < all.size(); begin += k_items_of_a_request) {
        const std::size_t size = std::min(k_items_of_a_request, all.size() - begin);
        std::vector<UA_MonitoredItemCreateRequest> items;
        for (std::size_t i = begin; i < begin + size; ++i) {
            auto item = UA_MonitoredItemCreateRequest_default(node_id(all[i]));
            item.requestedParameters.samplingInterval = options.sampling_ms;
            item.requestedParameters.queueSize = options.queue;
            items.push_back(item);
        }
        UA_CreateMonitoredItemsRequest request;
        UA_CreateMonitoredItemsRequest_init(&request);
        request.subscriptionId = subscription;
        request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
        request.itemsToCreate = items.data();
        request.itemsToCreateSize = items.size();
        std::vector<void*> contexts(size, &count);
        std::vector<UA_Client_DataChangeNotificationCallback> callbacks(size, on_value);
        std::vector<UA_Client_DeleteMonitoredItemCallback> deletions(size, nullptr);
        UA_CreateMonitoredItemsResponse response = UA_Client_MonitoredItems_createDataChanges(
            client, request, contexts.data(), callbacks.data(), deletions.data()
        );
        expect_good(response.responseHeader.serviceResult, "monitoring");
        for (std::size_t i = 0; i < response.resultsSize; ++i) {
            if (response.results[i].statusCode == UA_STATUSCODE_GOOD) ++count.report.items;
        }
        UA_CreateMonitoredItemsResponse_clear(&response);
    }
}

void run_until(UA_Client* client, Clock::time_point end) {
    while (Clock::now() < end) {
        expect_good(UA_Client_run_iterate(client, 5), "the connection");
    }
}

}  // namespace

SubscriptionReport subscribe(const OpcUaTarget& target, const SubscriptionOptions& options) {
    constexpr std::chrono::seconds k_patience{60};
    Count count;
    const auto client = connect(target);
    auto request = UA_CreateSubscriptionRequest_default();
    request.requestedPublishingInterval = options.interval_ms;
    const UA_CreateSubscriptionResponse created =
        UA_Client_Subscriptions_create(client.get(), request, nullptr, nullptr, nullptr);
    expect_good(created.responseHeader.serviceResult, "subscribing");
    monitor(client.get(), created.subscriptionId, target, options, count);
    const auto patience = Clock::now() + k_patience;
    while (count.first < count.report.items && Clock::now() < patience) {
        expect_good(UA_Client_run_iterate(client.get(), 5), "the connection");
    }
    count.counting = true;
    std::cout << "ready" << std::endl;
    const auto start = Clock::now();
    const auto end =
        start +
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{options.seconds});
    if (options.stall) {
        std::this_thread::sleep_until(end);
    } else {
        run_until(client.get(), end);
    }
    count.report.seconds = std::chrono::duration<double>{Clock::now() - start}.count();
    return std::move(count.report);
}

}  // namespace modax::test
