#include "support/opcua_load/reads.hpp"

#include <open62541/client_highlevel.h>

#include <algorithm>
#include <chrono>

namespace modax::test {

ReadReport read_for(const OpcUaTarget& target, double seconds) {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t k_nodes_of_a_request = 100;
    const auto client = connect(target);
    const auto paths = nodes_of(target);
    std::vector<UA_ReadValueId> nodes(k_nodes_of_a_request);
    UA_ReadRequest request;
    UA_ReadRequest_init(&request);
    request.timestampsToReturn = UA_TIMESTAMPSTORETURN_BOTH;
    request.nodesToRead = nodes.data();
    request.nodesToReadSize = nodes.size();
    ReadReport report;
    std::size_t next = 0;
    const auto start = Clock::now();
    std::chrono::duration<double> elapsed{0};
    while (elapsed.count() < seconds) {
        const bool has_first = next % paths.size() == 0;
        for (UA_ReadValueId& node : nodes) {
            UA_ReadValueId_init(&node);
            node.nodeId = node_id(paths[next++ % paths.size()]);
            node.attributeId = UA_ATTRIBUTEID_VALUE;
        }
        UA_ReadResponse response = UA_Client_Service_read(client.get(), request);
        expect_good(response.responseHeader.serviceResult, "reading");
        for (std::size_t i = 0; i < response.resultsSize; ++i) {
            if (UA_StatusCode_isBad(response.results[i].status)) ++report.bad;
        }
        report.values += response.resultsSize;
        const auto& value = response.results[0].value;
        if (has_first && UA_Variant_hasScalarType(&value, &UA_TYPES[UA_TYPES_DOUBLE])) {
            report.first = *static_cast<const double*>(value.data);
        }
        UA_ReadResponse_clear(&response);
        elapsed = Clock::now() - start;
    }
    report.seconds = elapsed.count();
    return report;
}

}  // namespace modax::test
