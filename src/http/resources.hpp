// The handlers behind the routes (routes.cpp), each on an I/O thread, and what they share.
#pragma once

#include "http/call.hpp"
#include "http/problem.hpp"
#include "http/query_string.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace modax::http {

// devices.cpp
void get_devices(const Call& call, Response& response);
void get_device(const Call& call, Response& response);
void get_latest(const Call& call, Response& response);
void get_safety(const Call& call, Response& response);
// history.cpp
void get_history(const Call& call, Response& response);
// statistics.cpp
void get_statistics(const Call& call, Response& response);
// analysis.cpp
void get_analysis(const Call& call, Response& response);
void get_analysis_history(const Call& call, Response& response);
void get_anomalies(const Call& call, Response& response);
void post_alarm_acknowledgement(const Call& call, Response& response);
void post_maintenance(const Call& call, Response& response);
// export.cpp
void get_export(const Call& call, Response& response);
// quarantine.cpp
void get_quarantine(const Call& call, Response& response);
// audit.cpp
void get_audit(const Call& call, Response& response);
// keys.cpp
void get_keys(const Call& call, Response& response);
void post_key(const Call& call, Response& response);
void post_key_rotation(const Call& call, Response& response);
void delete_key(const Call& call, Response& response);
// opcua.cpp
void get_opcua_certificates(const Call& call, Response& response);
void post_opcua_trust(const Call& call, Response& response);
void delete_opcua_trust(const Call& call, Response& response);
void get_opcua_sessions(const Call& call, Response& response);
// users.cpp
void get_users(const Call& call, Response& response);
void put_user(const Call& call, Response& response);
void delete_user(const Call& call, Response& response);
void get_roles(const Call& call, Response& response);
void put_role(const Call& call, Response& response);
void delete_role(const Call& call, Response& response);
// production.cpp
void get_orders(const Call& call, Response& response);
void get_order(const Call& call, Response& response);
void post_order(const Call& call, Response& response);
void post_order_start(const Call& call, Response& response);
void post_order_interruption(const Call& call, Response& response);
void post_order_completion(const Call& call, Response& response);
// quality.cpp
void get_lot(const Call& call, Response& response);
void post_lot_results(const Call& call, Response& response);
void get_capability(const Call& call, Response& response);
// equipment.cpp
void get_equipment_status(const Call& call, Response& response);
void post_equipment_status(const Call& call, Response& response);
// system.cpp
void get_console(const Call& call, Response& response);
void get_index(const Call& call, Response& response);
void get_health(const Call& call, Response& response);
void get_ready(const Call& call, Response& response);
void get_metrics(const Call& call, Response& response);
void get_openapi(const Call& call, Response& response);
void get_asyncapi(const Call& call, Response& response);
void get_accounting(const Call& call, Response& response);
// outbox.cpp
void get_outbox(const Call& call, Response& response);
void get_delivery(const Call& call, Response& response);
void post_delivery_retry(const Call& call, Response& response);
void post_delivery_discard(const Call& call, Response& response);
void get_connectors(const Call& call, Response& response);
// revocation_list.cpp
void get_revocation_list(const Call& call, Response& response);
// live_resources.cpp
void get_live(const Call& call, Response& response);
void get_device_live(const Call& call, Response& response);
void post_ticket(const Call& call, Response& response);

// nullopt: the answer is a problem already.
std::optional<QueryString> parse_query(const Call& call, Response& response);
void set_invalid_query(const Call& call, Response& response, std::span<const FieldError> errors);
// Gives the answer an ETag, or turns it into 304 when the client has it already.
void set_etag(const Call& call, Response& response);

}  // namespace modax::http
