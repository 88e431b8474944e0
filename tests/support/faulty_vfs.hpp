// A SQLite VFS in front of the default one that knows what a power cut would leave: it keeps, for
// every file, what was synced and each write since. It also makes syncs and writes fail on demand.
// Registered under its name as long as it lives; every database on it must be closed before.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace modax::test {

// Thread-safe.
class FaultyVfs {
public:
    explicit FaultyVfs(std::string name) : name_{std::move(name)} {
        real_ = sqlite3_vfs_find(nullptr);
        vfs_ = *real_;
        vfs_.zName = name_.c_str();
        vfs_.pNext = nullptr;
        vfs_.pAppData = this;
        vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
        vfs_.xOpen = open;
        vfs_.xDelete = remove;
        methods_.iVersion = 2;  // no xFetch: everything goes through xRead and xWrite
        methods_.xClose = close;
        methods_.xRead = read;
        methods_.xWrite = write;
        methods_.xTruncate = truncate;
        methods_.xSync = sync;
        methods_.xFileSize = file_size;
        methods_.xLock = [](sqlite3_file* f, int l) {
            return real(f)->pMethods->xLock(real(f), l);
        };
        methods_.xUnlock = [](sqlite3_file* f, int l) {
            return real(f)->pMethods->xUnlock(real(f), l);
        };
        methods_.xCheckReservedLock = [](sqlite3_file* f, int* out) {
            return real(f)->pMethods->xCheckReservedLock(real(f), out);
        };
        methods_.xFileControl = [](sqlite3_file* f, int op, void* arg) {
            return real(f)->pMethods->xFileControl(real(f), op, arg);
        };
        methods_.xSectorSize = [](sqlite3_file* f) {
            return real(f)->pMethods->xSectorSize(real(f));
        };
        methods_.xDeviceCharacteristics = [](sqlite3_file* f) {
            return real(f)->pMethods->xDeviceCharacteristics(real(f));
        };
        methods_.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out
                           ) {
            return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
        };
        methods_.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
            return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
        };
        methods_.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
        methods_.xShmUnmap = [](sqlite3_file* f, int remove_it) {
            return real(f)->pMethods->xShmUnmap(real(f), remove_it);
        };
        sqlite3_vfs_register(&vfs_, 0);
    }
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;
    ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }

    const std::string& name() const { return name_; }

    // Every sync fails, and what it should have brought to the disk is lost, as with Linux: the
    // pages count as clean afterwards, so that a repeated sync would succeed without them.
    void fail_syncs(bool fail) { fail_syncs_ = fail; }
    // Every write that makes a file longer fails with "disk full".
    void fail_growth(bool fail) { fail_growth_ = fail; }
    int failed_syncs() const { return failed_syncs_; }
    int failed_writes() const { return failed_writes_; }

    // Writes into `directory` the files as a power cut at this moment could leave them. By seed:
    // no unsynced write, any part of them, or the first ones and a torn one.
    void cut_power(const std::filesystem::path& directory, unsigned seed) {
        std::mt19937 random{seed};
        const std::lock_guard lock{mutex_};
        for (const auto& [path, content] : contents_) {
            std::string bytes = content.durable;
            const std::size_t first_lost = random() % (content.pending.size() + 1);
            std::size_t number = 0;
            for (const Write& write : content.pending) {
                const std::size_t at = number++;
                if (seed % 3 == 0) break;
                if (seed % 3 == 1 && random() % 2 == 0) continue;
                if (seed % 3 == 2 && at > first_lost) break;
                Write kept = write;
                const bool torn = seed % 3 == 2 ? at == first_lost : random() % 4 == 0;
                constexpr std::size_t k_sector = 512;
                if (torn && !kept.truncates) {
                    kept.bytes.resize(random() % (kept.bytes.size() / k_sector + 1) * k_sector);
                }
                apply(bytes, kept);
            }
            std::ofstream out{directory / std::filesystem::path{path}.filename(), std::ios::binary};
            out << bytes;
        }
    }

private:
    struct File {
        sqlite3_file base;
        FaultyVfs* owner;
        std::string* path;  // null: a temporary file
    };
    struct Write {
        std::size_t offset = 0;  // or the new size
        std::string bytes;
        bool truncates = false;
    };
    struct Content {
        std::string durable;
        std::vector<Write> pending;
    };

    static sqlite3_file* real(sqlite3_file* file) {
        return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
    }
    static File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
    static void apply(std::string& bytes, const Write& write) {
        if (write.truncates) {
            bytes.resize(write.offset);
            return;
        }
        if (bytes.size() < write.offset + write.bytes.size()) {
            bytes.resize(write.offset + write.bytes.size());
        }
        bytes.replace(write.offset, write.bytes.size(), write.bytes);
    }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
        auto* owner = static_cast<FaultyVfs*>(vfs->pAppData);
        file->pMethods = nullptr;
        const int result = owner->real_->xOpen(owner->real_, name, real(file), flags, out);
        if (result != SQLITE_OK) return result;
        own(file)->owner = owner;
        own(file)->path = name == nullptr ? nullptr : new std::string{name};
        file->pMethods = &owner->methods_;
        if (name != nullptr) {
            const std::lock_guard lock{owner->mutex_};
            if (!owner->contents_.contains(name)) {
                std::ifstream in{name, std::ios::binary};
                owner->contents_[name].durable.assign(std::istreambuf_iterator<char>{in}, {});
            }
        }
        return SQLITE_OK;
    }
    static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
        auto* owner = static_cast<FaultyVfs*>(vfs->pAppData);
        {
            const std::lock_guard lock{owner->mutex_};
            owner->contents_.erase(name);
        }
        return owner->real_->xDelete(owner->real_, name, sync_directory);
    }
    static int close(sqlite3_file* file) {
        delete own(file)->path;
        return real(file)->pMethods->xClose(real(file));
    }
    static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
        return real(file)->pMethods->xRead(real(file), out, size, offset);
    }
    static int file_size(sqlite3_file* file, sqlite3_int64* size) {
        return real(file)->pMethods->xFileSize(real(file), size);
    }
    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
        FaultyVfs& owner = *own(file)->owner;
        const std::lock_guard lock{owner.mutex_};
        if (owner.fail_growth_) {
            sqlite3_int64 length = 0;
            real(file)->pMethods->xFileSize(real(file), &length);
            if (offset + size > length) {
                ++owner.failed_writes_;
                return SQLITE_FULL;
            }
        }
        if (own(file)->path != nullptr) {
            owner.contents_[*own(file)->path].pending.push_back(
                {static_cast<std::size_t>(offset),
                 std::string{static_cast<const char*>(bytes), static_cast<std::size_t>(size)},
                 false}
            );
        }
        return real(file)->pMethods->xWrite(real(file), bytes, size, offset);
    }
    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        FaultyVfs& owner = *own(file)->owner;
        const std::lock_guard lock{owner.mutex_};
        if (own(file)->path != nullptr) {
            owner.contents_[*own(file)->path].pending.push_back(
                {static_cast<std::size_t>(size), {}, true}
            );
        }
        return real(file)->pMethods->xTruncate(real(file), size);
    }
    static int sync(sqlite3_file* file, int) {
        FaultyVfs& owner = *own(file)->owner;
        const std::lock_guard lock{owner.mutex_};
        if (own(file)->path == nullptr) return SQLITE_OK;
        Content& content = owner.contents_[*own(file)->path];
        if (owner.fail_syncs_) {
            content.pending.clear();
            ++owner.failed_syncs_;
            return SQLITE_IOERR_FSYNC;
        }
        for (const Write& write : content.pending) apply(content.durable, write);
        content.pending.clear();
        return SQLITE_OK;
    }

    std::string name_;
    sqlite3_vfs* real_ = nullptr;
    sqlite3_vfs vfs_{};
    sqlite3_io_methods methods_{};
    std::mutex mutex_;
    std::map<std::string, Content> contents_;
    std::atomic<bool> fail_syncs_{false};
    std::atomic<bool> fail_growth_{false};
    std::atomic<int> failed_syncs_{0};
    std::atomic<int> failed_writes_{0};
};

}  // namespace modax::test
