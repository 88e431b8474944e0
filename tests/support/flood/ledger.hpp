// What a publisher may rely on: one line "device sequence" for each PUBACK received. The file is
// complete up to the last flush(); a line "# lost COUNT" marks each loss of a connection.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace modax::flood {

class Ledger {
public:
    // Appends to `path`; an empty path keeps nothing.
    explicit Ledger(const std::string& path) {
        if (path.empty()) return;
        file_.reset(std::fopen(path.c_str(), "a"));
        if (!file_) throw std::runtime_error("open the ledger " + path + " for appending");
    }
    void acknowledged(const std::string& device, std::int64_t sequence) {
        if (file_)
            std::fprintf(
                file_.get(), "%s %lld\n", device.c_str(), static_cast<long long>(sequence)
            );
    }
    void lost(std::uint64_t count) {
        if (!file_) return;
        std::fprintf(file_.get(), "# lost %llu\n", static_cast<unsigned long long>(count));
        flush();
    }
    void flush() {
        if (file_) std::fflush(file_.get());
    }

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace modax::flood
