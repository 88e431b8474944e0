#include "landing/disk_watch.hpp"

#include <algorithm>

namespace modax::landing {
namespace {

std::uint64_t size_of(const std::filesystem::path& path) {
    std::error_code code;
    const auto size = std::filesystem::file_size(path, code);
    return code ? 0 : size;
}

}  // namespace

void DiskWatch::look() {
    const SteadyTime now = clock_.steady_now();
    if (looked_ && now - *looked_ < std::chrono::seconds{1}) return;
    looked_ = now;
    auto wal = database_;
    wal += "-wal";
    database_bytes_ = size_of(database_);
    wal_bytes_ = size_of(wal);
    const auto available = files_.available_bytes(database_.parent_path());
    // A file system that can't be asked shows itself at the next write.
    if (!available) return;
    free_bytes_ = *available;
    level_ = judge(database_bytes_ + wal_bytes_, *available);
}

std::uint64_t DiskWatch::bytes_to_stop() const {
    const std::uint64_t used = database_bytes() + wal_bytes();
    const std::uint64_t free = free_bytes();
    const std::uint64_t whole =
        options_.disk_quota_bytes > 0 ? options_.disk_quota_bytes : used + free;
    const std::uint64_t most = whole / 100 * options_.stop_percent;
    const std::uint64_t by_share = most > used ? most - used : 0;
    const std::uint64_t by_disk =
        free > options_.stop_free_bytes ? free - options_.stop_free_bytes : 0;
    return std::min(by_share, by_disk);
}

DiskWatch::Level DiskWatch::judge(std::uint64_t used, std::uint64_t available) const {
    const std::uint64_t whole =
        options_.disk_quota_bytes > 0 ? options_.disk_quota_bytes : used + available;
    const double percent =
        100.0 * static_cast<double>(used) / static_cast<double>(whole > 0 ? whole : 1);
    if (percent >= options_.stop_percent || available < options_.stop_free_bytes) {
        return Level::stop;
    }
    return percent >= options_.alert_percent ? Level::alert : Level::normal;
}

}  // namespace modax::landing
