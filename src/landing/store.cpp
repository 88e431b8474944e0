#include "landing/store.hpp"

#include "landing/broker_tables.hpp"
#include "landing/schema.hpp"
#include "landing/store_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace modax::landing {
namespace {

constexpr std::string_view k_component = "landing";
// quick_check reads everything: up to this size it delays the start by less than half a second.
constexpr std::uint64_t k_check_before_start_below = 64ULL * 1024 * 1024;

std::uint64_t size_of(const std::filesystem::path& path) {
    std::error_code code;
    const auto size = std::filesystem::file_size(path, code);
    return code ? 0 : size;
}

// SQLite may meet damage anywhere; what to do about it is always the same.
Error with_advice(Error error, const std::filesystem::path& file) {
    if (error.code != Errc::data_loss) return error;
    error.detail = "the landing store '" + file.string() + "' is damaged (" + error.detail +
                   "): stop modax, keep a copy of the file, restore a backup or use the sqlite3 "
                   "program's .recover";
    return error;
}

}  // namespace

Store::State::State(
    const StoreOptions& store_options,
    std::optional<DirectoryLock> directory_lock,
    DeviceRegistry& device_registry,
    Log& store_log
)
    : options{store_options},
      file{store_options.data_dir / "modax.db"},
      lock{std::move(directory_lock)},
      devices{device_registry},
      log{store_log},
      readers{
          connection_options(ConnectionOptions::Mode::read),
          std::max<std::size_t>(store_options.reader_connections, 1)} {}

Store::State::~State() {
    checker_.request_stop();
    // Again and again: an interrupt reaches only a statement that has begun.
    while (check == Check::running) {
        const std::lock_guard guard{checker_mutex_};
        checker_connection_.interrupt();
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

ConnectionOptions Store::State::connection_options(ConnectionOptions::Mode mode) const {
    return {file, options.vfs, mode, options.sync_every_commit};
}

Status Store::State::create_file() {
    // Before SQLite does, so that the file (and its WAL, which takes the mode over) is private
    // from the first moment.
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return fail(
            Errc::io_error,
            "cannot open '" + file.string() + "': " + std::generic_category().message(errno)
        );
    }
    const bool changed = ::fchmod(descriptor, 0600) == 0;
    ::close(descriptor);
    if (!changed) return fail(Errc::io_error, "cannot set the mode of '" + file.string() + "'");
    return {};
}

Status Store::State::start() {
    auto wal = file;
    wal += "-wal";
    const bool unclean = size_of(wal) > 0;
    if (auto created = create_file(); !created) return created;
    auto opened = Connection::open(connection_options(ConnectionOptions::Mode::create));
    if (!opened) return tl::make_unexpected(opened.error());
    anchor = std::move(*opened);
    const bool wanted = options.quick_check == QuickCheck::always ||
                        (options.quick_check == QuickCheck::automatic && unclean);
    const bool small = size_of(file) + size_of(wal) < k_check_before_start_below;
    if (wanted && (small || options.quick_check == QuickCheck::always)) {
        if (auto sound = check_now(anchor); !sound) return sound;
    }
    if (auto migrated = migrate(anchor); !migrated) return migrated;
    // What a process before us wrote into the WAL without a successful sync may be in the page
    // cache only. Copied into the database now, it is written and synced anew, before a redelivered
    // reading is called a duplicate and acknowledged.
    if (auto copied = anchor.checkpoint(); !copied) {
        if (copied.error().code != Errc::resource_exhausted) return copied;
        log.warn(
            k_component,
            "no room to bring the write-ahead log into the store; reads go on: free some space",
            {{"reason", copied.error().detail}}
        );
    }
    if (auto restored = restore(); !restored) return restored;
    if (wanted && check == Check::none) check_beside();
    return {};
}

Status Store::State::start_beside() {
    auto opened = Connection::open(connection_options(ConnectionOptions::Mode::write));
    if (!opened) return tl::make_unexpected(opened.error());
    anchor = std::move(*opened);
    const auto version = anchor.integer("PRAGMA user_version");
    if (!version) return tl::make_unexpected(version.error());
    if (*version == schema_version()) return restore();
    return fail(
        Errc::unavailable,
        "the running gateway is of another version of modax: use the program it was started from"
    );
}

void Store::State::renew_anchor() {
    // The new one first: the WAL's index must not lose its last user.
    auto opened = Connection::open(connection_options(ConnectionOptions::Mode::write));
    if (opened) anchor = std::move(*opened);
}

Status Store::State::check_now(Connection& connection) {
    check = Check::running;
    Statement statement;
    if (auto prepared = connection.prepare(statement, "PRAGMA quick_check(1)"); !prepared) {
        check = Check::none;
        return prepared;
    }
    const Step step = statement.step();
    if (step == Step::row && statement.text(0) == "ok") {
        check = Check::passed;
        return {};
    }
    Error error = step == Step::row ? Error{Errc::data_loss, std::string{statement.text(0)}}
                                    : connection.failure("PRAGMA quick_check");
    if (error.code == Errc::cancelled) {
        check = Check::none;
        return tl::make_unexpected(error);
    }
    check = Check::failed;
    return tl::make_unexpected(error);
}

void Store::State::check_beside() {
    check = Check::running;
    checker_ = std::jthread{[this](const std::stop_token& stop) {
        auto opened = Connection::open(connection_options(ConnectionOptions::Mode::read));
        if (!opened) {
            check = Check::none;
            log.error(
                k_component, "quick_check could not open the store: " + opened.error().detail
            );
            return;
        }
        {
            const std::lock_guard guard{checker_mutex_};
            if (stop.stop_requested()) {
                check = Check::none;
                return;
            }
            checker_connection_ = std::move(*opened);
        }
        if (auto sound = check_now(checker_connection_); !sound && !stop.stop_requested()) {
            log.error(k_component, with_advice(sound.error(), file).detail);
        }
    }};
}

Status Store::State::restore() {
    Statement rows;
    auto prepared =
        anchor.prepare(rows, "SELECT number, id, registered FROM devices ORDER BY number");
    if (!prepared) return prepared;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) {
        devices.restore(
            static_cast<std::uint32_t>(rows.integer(0)),
            std::string{rows.text(1)},
            from_micros(rows.integer(2))
        );
    }
    if (step == Step::failed) return tl::make_unexpected(anchor.failure("read the devices"));
    const auto last =
        anchor.integer("SELECT first + count - 1 FROM stream_log ORDER BY first DESC LIMIT 1");
    if (!last) return tl::make_unexpected(last.error());
    last_stream_sequence = static_cast<std::uint64_t>(*last);
    return {};
}

Result<std::unique_ptr<Store>> Store::open(
    const StoreOptions& options, DeviceRegistry& devices, const Clock&, Log& log
) {
    std::error_code code;
    if (std::filesystem::create_directories(options.data_dir, code)) {
        std::filesystem::permissions(options.data_dir, std::filesystem::perms::owner_all, code);
    }
    if (code) {
        return fail(
            Errc::io_error,
            "cannot create the data directory '" + options.data_dir.string() +
                "': " + code.message()
        );
    }
    if (options.companion) {
        auto beside = std::make_unique<State>(options, std::nullopt, devices, log);
        if (auto started = beside->start_beside(); !started) {
            return tl::make_unexpected(started.error());
        }
        return std::unique_ptr<Store>{new Store{std::move(beside)}};
    }
    auto lock = DirectoryLock::take(options.data_dir);
    if (!lock) return tl::make_unexpected(lock.error());
    auto state = std::make_unique<State>(options, std::move(*lock), devices, log);
    const auto file = state->file;
    if (auto started = state->start(); !started) {
        return tl::make_unexpected(with_advice(started.error(), file));
    }
    std::unique_ptr<Store> store{new Store{std::move(state)}};
    const auto restored = store->latest(
        [](Reading&&) {},
        [](SafetyStatus&& status) { status.device->set_last_is_safe(status.is_safe()); }
    );
    if (!restored) return tl::make_unexpected(with_advice(restored.error(), file));
    return store;
}

Store::Store(std::unique_ptr<State> state) : state_{std::move(state)} {}
Store::~Store() = default;

ConnectionOptions Store::write_options() const {
    return state_->connection_options(ConnectionOptions::Mode::write);
}

WriteTurn& Store::write_turn() {
    return state_->write_turn;
}

void Store::set_last_stream_sequence(std::uint64_t last) {
    state_->last_stream_sequence.store(last, std::memory_order_release);
}

std::uint64_t Store::last_stream_sequence() const {
    return state_->last_stream_sequence.load(std::memory_order_acquire);
}

Result<BrokerState> Store::broker_state() const {
    const std::lock_guard lock{state_->anchor_mutex};
    return BrokerTables::load(state_->anchor);
}

Health Store::health() const {
    if (state_->check != State::Check::failed) return {"store", true, {}};
    return {
        "store",
        false,
        "the landing store is damaged: stop modax, keep a copy of modax.db, restore a backup"};
}

void Store::collect(MetricSink& sink) const {
    sink.gauge(
        "modax_landing_reads_running",
        "Reads of the landing store that run now",
        static_cast<double>(state_->readers.in_use())
    );
    sink.gauge(
        "modax_landing_stream_sequence",
        "Number of the last stored event",
        static_cast<double>(last_stream_sequence())
    );
    sink.gauge(
        "modax_landing_damaged",
        "1 when quick_check found damage in the landing store",
        state_->check == State::Check::failed ? 1 : 0
    );
}

}  // namespace modax::landing
