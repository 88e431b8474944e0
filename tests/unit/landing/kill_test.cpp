// kill -9 at random moments of a process that stores readings: what it saw acknowledged is there
// once. The child says through a pipe which sequences were acknowledged.
#include "landing_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <set>
#include <thread>

namespace modax::landing {
namespace {

// Writes each acknowledged packet id to a pipe, which outlives the process.
class PipeSink final : public AckSink {
public:
    explicit PipeSink(int descriptor) : descriptor_{descriptor} {}
    void committed(std::span<const AckToken> tokens) noexcept override {
        for (const AckToken& token : tokens) {
            const std::uint64_t number = token.connection;
            if (::write(descriptor_, &number, sizeof number) != sizeof number) ::_exit(2);
        }
    }

private:
    int descriptor_;
};

[[noreturn]] void store_for_ever(
    const std::filesystem::path& directory, std::uint64_t first, int pipe
) {
    test::ManualClock clock;
    test::RecordingLog log;
    FakeDisk disk;
    Witness witness;
    DeviceRegistry devices;
    PipeSink sink{pipe};
    StoreOptions options;
    options.data_dir = directory;
    auto store = Store::open(options, devices, clock, log);
    if (!store) ::_exit(3);
    Writer writer{**store, witness, witness, disk, WriterOptions{}, clock, log};
    const Device* device = *devices.find_or_register("cnc-01", clock.now());
    for (std::uint64_t number = first;; ++number) {
        while (writer.full(GroupWriter::Lane::acknowledged)) std::this_thread::yield();
        Reading reading;
        reading.device = device;
        reading.time = clock.now();
        reading.sequence = static_cast<std::int64_t>(number);
        IngestGroup group;
        group.readings.push_back(std::move(reading));
        group.acks.push_back({&sink, number, 0, 1});
        writer.submit(group, GroupWriter::Lane::acknowledged);
    }
}

TEST_F(LandingTest, KilledAtAnyMomentItKeepsWhatWasAcknowledged) {
    const auto seed = std::random_device{}();
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 random{seed};
    std::set<std::uint64_t> acknowledged;
    for (std::uint64_t round = 0; round < 8; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            store_for_ever(store_options.data_dir, round * 1'000'000, ends[1]);
        }
        ::close(ends[1]);
        const std::size_t wanted = acknowledged.size() + 1 + random() % 3000;
        bool killed = false;
        std::uint64_t number = 0;
        while (::read(ends[0], &number, sizeof number) == sizeof number) {
            acknowledged.insert(number);
            if (!killed && acknowledged.size() >= wanted) {
                killed = true;
                ASSERT_EQ(::kill(child, SIGKILL), 0);
            }
        }
        ::close(ends[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status) << ", seed " << seed;
        store_options.quick_check = QuickCheck::always;
        open();
        std::multiset<std::uint64_t> stored;
        for (const Reading& reading : history("cnc-01", limited(10'000'000))) {
            stored.insert(static_cast<std::uint64_t>(reading.sequence));
        }
        close();
        for (const std::uint64_t each : acknowledged) {
            ASSERT_EQ(stored.count(each), 1U) << each << ", round " << round << ", seed " << seed;
        }
    }
}

}  // namespace
}  // namespace modax::landing
