// The configuration as each part wants it. The only place that knows both sides.
#pragma once

#include "app/analysis_engine.hpp"
#include "config/config.hpp"
#include "core/file_system.hpp"
#include "core/result.hpp"
#include "http/server.hpp"
#include "ingest/intake.hpp"
#include "landing/store.hpp"
#include "landing/writer.hpp"
#include "mqtt/listener.hpp"
#include "mqtt/uplink.hpp"
#include "opcua/server.hpp"
#include "security/audit_retention.hpp"
#include "security/users.hpp"
#include "telemetry/log.hpp"

namespace modax::app {

telemetry::LogOptions log_options(const config::Config& config);
landing::StoreOptions store_options(const config::Config& config);
landing::WriterOptions writer_options(const config::Config& config);
AnalysisEngineOptions analysis_options(const config::Config& config);
landing::RollupOptions rollup_options(const config::Config& config);
ingest::IntakeOptions intake_options(const config::Config& config);
mqtt::ListenerOptions listener_options(const config::Config& config);
// Certificates of the OPC UA server and its clients.
std::filesystem::path opcua_folder(const config::Config& config);
opcua::ServerOptions opcua_options(const config::Config& config);
http::ServerOptions server_options(const config::Config& config);
security::UsersOptions users_options(const config::Config& config);
// Fetches the password. Errors: those of config::resolve_secret().
Result<mqtt::UplinkOptions> uplink_options(const config::Config& config, const FileSystem& files);
// The second part of API keys: "dev" or "prod".
std::string_view key_environment(const config::Config& config);

security::AuditRetentionOptions audit_retention_options(const config::Config& config);

// Where checkpoints of the audit log are published besides the store.
std::filesystem::path checkpoint_file_of(const config::Config& config);

}  // namespace modax::app
