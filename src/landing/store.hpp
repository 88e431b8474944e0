// The landing store: one SQLite database in the data directory, which it locks against other
// processes. Reads, keys, the audit log and the broker's state are served here; readings are
// written by landing::Writer. Owned by app; outlives the writer. All calls are thread-safe and
// block on the disk unless they say otherwise.
#pragma once

#include "core/analysis.hpp"
#include "core/audit.hpp"
#include "core/broker_state.hpp"
#include "core/business_event.hpp"
#include "core/clock.hpp"
#include "core/delivery.hpp"
#include "core/health.hpp"
#include "core/identity.hpp"
#include "core/landing.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/operations.hpp"
#include "core/rollup.hpp"
#include "core/security_event.hpp"
#include "landing/options.hpp"

#include <memory>
#include <vector>

namespace modax::landing {

struct ConnectionOptions;
class WriteTurn;

class Store final : public ReadingReader,
                    public RollupReader,
                    public KeyStore,
                    public UserStore,
                    public AuditStore,
                    public AccessProfileStore,
                    public AnalysisStore,
                    public OutboxStore,
                    public OperationsStore,
                    public HealthSource,
                    public MetricSource {
public:
    // Takes the lock, checks and migrates the database, restores `devices` (and whether each was
    // safe). Errors: already_exists when another process has the directory (detail names its pid),
    // invalid_argument when a newer modax wrote it, data_loss when it is damaged, io_error.
    static Result<std::unique_ptr<Store>> open(
        const StoreOptions& options, DeviceRegistry& devices, const Clock& clock, Log& log
    );
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    ~Store() override;

    // ReadingReader. A callback runs inside the read and must not call the store again.
    Status history(const HistoryQuery& query, const std::function<bool(const Reading&)>& each)
        const override;
    Status replay(
        std::uint64_t since,
        std::size_t limit,
        const Device* device,
        const std::function<bool(const LiveEvent&)>& each
    ) const override;
    Status latest(
        const std::function<void(Reading&&)>& each_reading,
        const std::function<void(SafetyStatus&&)>& each_safety
    ) const override;
    std::uint64_t last_stream_sequence() const override;  // from memory
    Result<std::vector<QuarantinedMessage>> quarantine(std::uint64_t before, std::size_t limit)
        const override;

    // RollupReader; right whether Rollups has come far or not.
    Status rollups(const RollupQuery& query, const std::function<bool(const Bucket&)>& each)
        const override;
    RollupCoverage rollup_coverage() const override;

    // KeyStore
    Result<std::vector<ApiKey>> keys() const override;
    Status insert(const ApiKey& key, const AuditEntry& record) override;
    Status rotate(
        const ApiKey& successor,
        std::string_view old_id,
        Timestamp old_expires,
        const AuditEntry& record
    ) override;
    Status revoke(std::string_view id, const AuditEntry& record) override;
    Status note_uses(std::span<const Use> uses) override;

    // UserStore
    Result<std::vector<User>> users() const override;
    Status put(const User& user, const AuditEntry& record) override;
    Status remove_user(std::string_view name, const AuditEntry& record) override;
    Result<std::vector<Role>> roles() const override;
    Status put(const Role& role, const AuditEntry& record) override;
    Status remove_role(std::string_view name, const AuditEntry& record) override;
    Result<std::int64_t> identity_version() const override;

    // AuditStore. Nothing can be appended, so nothing be changed, before the seal is known.
    void seal_audit_with(const AuditSeal& seal);  // once at start; must outlive the store's use
    Status append(std::span<const AuditEntry> entries) override;
    Result<std::vector<AuditRow>> audit_rows(const AuditQuery& query) const override;
    Status each_audit_row(
        std::uint64_t from_sequence, const std::function<bool(const AuditRow&)>& each
    ) const override;
    Status add(const AuditCheckpoint& checkpoint) override;
    Result<std::vector<AuditCheckpoint>> audit_checkpoints() const override;
    Status cut_audit(const AuditCheckpoint& at, const AuditEntry& record) override;

    // AccessProfileStore
    Result<std::vector<AccessProfileText>> access_profiles() const override;
    Status save_access_profiles(std::span<const AccessProfileText> profiles) override;

    // AnalysisStore
    Status append(const std::vector<AnalysisRecord>& records, const std::vector<ModelState>& models)
        override;
    Result<std::vector<AnalysisRecord>> analyses(const AnalysisQuery& query) const override;
    Result<AnalysisRecord> analysis(std::uint64_t id) const override;
    Status remove_before(Timestamp time) override;
    Status models(const std::function<void(const Device&, std::string_view state)>& each
    ) const override;
    // OperationsStore
    Status change(
        BusinessChange& change, const std::function<Status(OperationsTransaction&)>& rules
    ) override;
    Result<std::vector<ProductionOrder>> orders(const OrderQuery& query) const override;
    Result<std::optional<ProductionOrder>> find_order(std::string_view id) const override;
    Result<std::vector<ProductionReport>> reports(std::string_view order_id) const override;
    Result<std::vector<ProductionReport>> reports_of(
        std::string_view device_id, Timestamp start, Timestamp end
    ) const override;
    Result<std::vector<InspectionReport>> inspections(std::string_view lot_id) const override;
    Result<std::vector<NumberedStatus>> statuses(const StatusQuery& query) const override;
    Result<std::vector<EquipmentStatus>> downtimes(
        std::string_view device_id, Timestamp start, Timestamp end
    ) const override;
    Result<std::vector<Measurement>> measurements(const CapabilityQuery& query) const override;

    // Which connectors get deliveries of events from now on, and who hears of every event once it
    // is durable, in order of their sequence. All must outlive the store's use, or be replaced.
    void tell_events_to(const EventRouter* router, std::vector<BusinessEventSink*> sinks);

    // OutboxStore
    Status release_claims() override;
    Result<std::optional<Delivery>> claim(
        std::string_view connector, Timestamp now, Timestamp lease_until
    ) override;
    Status finish(const Delivery& claimed, const DeliveryResult& result) override;
    Result<OutboxFigures> outbox_figures(std::string_view connector) const override;
    Result<std::vector<Delivery>> deliveries(const OutboxQuery& query) const override;
    Result<Delivery> delivery(std::uint64_t id) const override;
    Status retry_delivery(std::uint64_t id, const AuditEntry& record) override;
    Status discard_delivery(std::uint64_t id, const AuditEntry& record) override;

    Result<BrokerState> broker_state() const;

    // Part "store": not ready once quick_check has found damage. From memory.
    Health health() const override;
    void collect(MetricSink& sink) const override;

private:
    friend class Writer;
    friend class Rollups;
    friend class Spool;
    class State;
    explicit Store(std::unique_ptr<State> state);

    // For the writer: how to open its connection, and what it has committed.
    ConnectionOptions write_options() const;
    void set_last_stream_sequence(std::uint64_t last);
    WriteTurn& write_turn();

    // For the rollups: whether readings must wait for them, and how far back what is kept.
    void set_rollups_run(bool run);
    bool rollups_run() const;
    void set_rollups_kept(const RollupsKept& from);
    void set_readings_kept(Timestamp from);

    std::unique_ptr<State> state_;
};

}  // namespace modax::landing
