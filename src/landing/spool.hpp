// The landing store as the spool of the plant's PostgreSQL. Readings are not written a second time:
// the stream log says in which order they came, and one row in plant_forward how far they are
// forwarded. Owned by app, used by store::Forwarder; the store must outlive it.
#pragma once

#include "core/plant_store.hpp"
#include "landing/reader_pool.hpp"
#include "landing/store.hpp"

#include <memory>
#include <string>

namespace modax::landing {

class Spool final : public PlantSpool {
public:
    // From now on nothing is deleted that is not forwarded to `target` (a name for it, without
    // secrets). What is stored already is forwarded too when this is a new target, when the gateway
    // ran without one meanwhile, or when the stream log does not reach back far enough. Before the
    // writer starts.
    static Result<std::unique_ptr<Spool>> attach(Store& store, std::string_view target);
    // There is no plant store: retention deletes as it likes.
    static Status detach(Store& store);

    PlantPosition position() const override { return position_; }
    Result<PlantRows> next(const PlantPosition& from, std::size_t limit) override;
    Status forwarded(const PlantPosition& through, std::span<const RejectedMessage> refused)
        override;
    std::uint64_t last_event() const override { return store_.last_stream_sequence(); }
    // A name for this gateway that no other has.
    const std::string& gateway() const { return gateway_; }

private:
    explicit Spool(Store& store) : store_{store} {}
    Status load();
    Status open_reader();
    Status read(PlantRows& rows, std::size_t limit);
    Status read_changes(PlantRows& rows);
    Status read_analyses(PlantRows& rows);
    Status read_events(PlantRows& rows, std::size_t limit);
    Status read_backfill(PlantRows& rows, std::size_t limit);
    Status note(Connection& connection, const PlantPosition& through);
    tl::unexpected<Error> failure(std::string_view attempted) const;

    Store& store_;
    std::string gateway_;
    PlantPosition position_;
    std::int64_t last_hour_ = 0;  // of the backfill
    std::unique_ptr<ReaderConnection> reader_;
    std::unique_ptr<Connection> writer_;
};

}  // namespace modax::landing
