#include "security/audit_seal.hpp"

#include "security/digest.hpp"

#include <chrono>
#include <cstring>
#include <fstream>

namespace modax::security {
namespace {

void append_number(std::string& out, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFFU);
}

void append_text(std::string& out, std::string_view text) {
    append_number(out, text.size());
    out += text;
}

// Of the kernel: a new one each time the machine starts (random(4)).
std::string read_boot_id() {
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string text;
    std::getline(file, text);
    return text;
}

}  // namespace

std::string canonical(const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    std::string out;
    append_number(out, row.sequence);
    append_number(out, static_cast<std::uint64_t>(to_micros(entry.time)));
    for (const auto* text :
         {&entry.actor,
          &entry.source,
          &entry.via,
          &entry.action,
          &entry.object,
          &entry.detail,
          &entry.request_id,
          &entry.before_hash,
          &entry.after_hash,
          &row.boot_id}) {
        append_text(out, *text);
    }
    append_number(out, static_cast<std::uint64_t>(entry.result));
    append_number(out, entry.count);
    append_number(out, static_cast<std::uint64_t>(row.monotonic_micros));
    return out;
}

ChainSeal::ChainSeal(const Key& key) : key_{key}, boot_id_{read_boot_id()} {}

Result<ChainSeal> ChainSeal::load(
    FileSystem& files, Random& random, const std::filesystem::path& data_dir, bool create
) {
    const auto file = data_dir / "audit.key";
    Key key{};
    if (create && !files.exists(file)) {
        random.fill(key);
        const std::string_view bytes{reinterpret_cast<const char*>(key.data()), key.size()};
        if (auto written = files.write_atomic(file, bytes, 0600); !written) {
            return tl::make_unexpected(written.error());
        }
        return ChainSeal{key};
    }
    const auto content = files.read(file);
    if (!content) return tl::make_unexpected(content.error());
    if (content->size() != key.size()) {
        return fail(
            Errc::data_loss,
            "'" + file.string() + "' is no key of 32 bytes: put the right one back from a backup"
        );
    }
    std::memcpy(key.data(), content->data(), key.size());
    return ChainSeal{key};
}

void ChainSeal::seal(std::string_view previous_hash, AuditRow& row) const {
    row.monotonic_micros = std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::steady_clock::now().time_since_epoch()
    )
                               .count();
    row.boot_id = boot_id_;
    row.hash = expected(previous_hash, row);
}

std::string ChainSeal::expected(std::string_view previous_hash, const AuditRow& row) const {
    const auto digest = hmac_sha256(key_, std::string{previous_hash} + canonical(row));
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace modax::security
