#include "security/audit_checkpoints.hpp"

#include "core/hex.hpp"
#include "security/append_file.hpp"
#include "security/openssl_objects.hpp"

#include <openssl/pem.h>

#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

namespace modax::security {
namespace {

constexpr std::uint64_t k_rows_between = 1000;
constexpr std::chrono::minutes k_time_between{5};
constexpr std::size_t k_signature_bytes = 64;

using ContextPointer = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string signed_text(const AuditCheckpoint& checkpoint) {
    std::string text = "modax audit checkpoint\n";
    text += std::to_string(checkpoint.sequence) + '\n';
    text += std::to_string(to_micros(checkpoint.time)) + '\n';
    return text + checkpoint.hash;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        unsigned value = 0;
        const char* end = text.data() + i + 2;
        const auto parsed = std::from_chars(text.data() + i, end, value, 16);
        if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
        bytes += static_cast<char>(value);
    }
    return bytes;
}

// "SEQUENCE MICROSECONDS HASH SIGNATURE"
std::string line_of(const AuditCheckpoint& checkpoint) {
    return std::to_string(checkpoint.sequence) + ' ' + std::to_string(to_micros(checkpoint.time)) +
           ' ' + to_hex(checkpoint.hash) + ' ' + to_hex(checkpoint.signature) + '\n';
}

std::optional<AuditCheckpoint> parse_line(const std::string& line) {
    std::istringstream words{line};
    AuditCheckpoint checkpoint;
    std::int64_t micros = 0;
    std::string hash;
    std::string signature;
    if (!(words >> checkpoint.sequence >> micros >> hash >> signature)) return std::nullopt;
    auto hash_bytes = from_hex(hash);
    auto signature_bytes = from_hex(signature);
    if (!hash_bytes || !signature_bytes) return std::nullopt;
    checkpoint.time = from_micros(micros);
    checkpoint.hash = std::move(*hash_bytes);
    checkpoint.signature = std::move(*signature_bytes);
    return checkpoint;
}

}  // namespace

struct CheckpointSigner::Key {
    KeyPointer pair;
};

CheckpointSigner::CheckpointSigner(std::unique_ptr<Key> key) : key_{std::move(key)} {}
CheckpointSigner::CheckpointSigner(CheckpointSigner&&) noexcept = default;
CheckpointSigner& CheckpointSigner::operator=(CheckpointSigner&&) noexcept = default;
CheckpointSigner::~CheckpointSigner() = default;

Result<CheckpointSigner> CheckpointSigner::load(
    FileSystem& files, const std::filesystem::path& data_dir, bool create
) {
    const auto file = data_dir / "audit-signing.key";
    auto key = std::make_unique<Key>();
    if (create && !files.exists(file)) {
        key->pair.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        const BioPointer out{BIO_new(BIO_s_secmem())};
        const bool written = key->pair && out &&
                             PEM_write_bio_PrivateKey(
                                 out.get(), key->pair.get(), nullptr, nullptr, 0, nullptr, nullptr
                             ) == 1;
        if (!written) return fail(Errc::io_error, "cannot make a key: " + openssl_reason());
        char* data = nullptr;
        const long size = BIO_get_mem_data(out.get(), &data);
        auto kept = files.write_atomic(file, {data, static_cast<std::size_t>(size)}, 0600);
        if (!kept) return tl::make_unexpected(kept.error());
        return CheckpointSigner{std::move(key)};
    }
    const auto pem = files.read(file);
    if (!pem) return tl::make_unexpected(pem.error());
    const BioPointer in{BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()))};
    key->pair.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    if (!key->pair || EVP_PKEY_get_id(key->pair.get()) != EVP_PKEY_ED25519) {
        return fail(
            Errc::data_loss,
            "'" + file.string() + "' is no Ed25519 key: put the right one back from a backup"
        );
    }
    return CheckpointSigner{std::move(key)};
}

std::string audit_cut_object(std::uint64_t through) {
    return "rows:through-" + std::to_string(through);
}

AuditCheckpoint CheckpointSigner::sign(const AuditRow& row, Timestamp now) const {
    AuditCheckpoint checkpoint{row.sequence, row.hash, now, std::string(k_signature_bytes, '\0')};
    const auto text = signed_text(checkpoint);
    const ContextPointer context{EVP_MD_CTX_new()};
    std::size_t size = k_signature_bytes;
    const bool made =
        context &&
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pair.get()) == 1 &&
        EVP_DigestSign(
            context.get(),
            reinterpret_cast<unsigned char*>(checkpoint.signature.data()),
            &size,
            bytes_of(text),
            text.size()
        ) == 1;
    if (!made) checkpoint.signature.clear();
    return checkpoint;
}

bool CheckpointSigner::verify(const AuditCheckpoint& checkpoint) const {
    const auto text = signed_text(checkpoint);
    const ContextPointer context{EVP_MD_CTX_new()};
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_->pair.get()) == 1 &&
           EVP_DigestVerify(
               context.get(),
               bytes_of(checkpoint.signature),
               checkpoint.signature.size(),
               bytes_of(text),
               text.size()
           ) == 1;
}

Checkpoints::Checkpoints(
    AuditStore& store,
    const CheckpointSigner& signer,
    std::filesystem::path file,
    const Clock& clock,
    Log& log
)
    : store_{store},
      signer_{signer},
      file_{std::move(file)},
      clock_{clock},
      log_{log},
      last_made_{clock.steady_now()} {
    if (const auto made = store.audit_checkpoints(); made && !made->empty()) {
        last_sequence_ = made->back().sequence;
    }
}

Status Checkpoints::look() {
    AuditQuery newest;
    newest.limit = 1;
    const auto rows = store_.audit_rows(newest);
    if (!rows) return tl::make_unexpected(rows.error());
    if (rows->empty() || rows->front().sequence <= last_sequence_) return {};
    const bool due = rows->front().sequence >= last_sequence_ + k_rows_between ||
                     clock_.steady_now() >= last_made_ + k_time_between;
    return due ? make(rows->front()) : Status{};
}

Status Checkpoints::make_now() {
    AuditQuery newest;
    newest.limit = 1;
    const auto rows = store_.audit_rows(newest);
    if (!rows) return tl::make_unexpected(rows.error());
    if (rows->empty() || rows->front().sequence <= last_sequence_) return {};
    return make(rows->front());
}

Status Checkpoints::make(const AuditRow& newest) {
    const auto checkpoint = signer_.sign(newest, clock_.now());
    if (auto added = store_.add(checkpoint); !added) return added;
    if (auto appended = append_file(file_, line_of(checkpoint)); !appended) return appended;
    log_.info(
        "audit",
        "checkpoint",
        {{"sequence", std::to_string(checkpoint.sequence)},
         {"hash", to_hex(checkpoint.hash)},
         {"signature", to_hex(checkpoint.signature)}}
    );
    last_sequence_ = checkpoint.sequence;
    last_made_ = clock_.steady_now();
    return {};
}

Result<AuditVerdict> verify_audit(
    const AuditStore& store,
    const ChainSeal& seal,
    const CheckpointSigner& signer,
    const std::filesystem::path& file
) {
    AuditVerdict verdict;
    auto kept = store.audit_checkpoints();
    if (!kept) return tl::make_unexpected(kept.error());
    std::vector<AuditCheckpoint> all = std::move(*kept);
    std::ifstream lines{file};
    for (std::string line; std::getline(lines, line);) {
        const auto checkpoint = parse_line(line);
        if (!checkpoint) {
            verdict.problem =
                "a line of " + file.string() + " can't be read: " + line.substr(0, 60);
            return verdict;
        }
        all.push_back(*checkpoint);
    }
    std::map<std::uint64_t, std::string> expected;  // hash by sequence
    for (const AuditCheckpoint& checkpoint : all) {
        const auto number = std::to_string(checkpoint.sequence);
        if (!signer.verify(checkpoint)) {
            verdict.problem = "the checkpoint of row " + number + " is not signed by this gateway";
            return verdict;
        }
        const auto [known, fresh] = expected.emplace(checkpoint.sequence, checkpoint.hash);
        if (!fresh && known->second != checkpoint.hash) {
            verdict.problem = "two checkpoints of row " + number + " differ";
            return verdict;
        }
        if (fresh) ++verdict.checkpoints;
    }
    std::uint64_t last = 0;
    std::string previous = k_audit_origin;
    std::string missing_record;  // of the retention that cut the beginning
    const auto read = store.each_audit_row(0, [&](const AuditRow& row) {
        const auto number = std::to_string(row.sequence);
        if (last == 0 && row.sequence != 1) {
            // Retention cuts only at a checkpoint, which stays.
            const auto cut = expected.find(row.sequence - 1);
            if (cut == expected.end()) {
                verdict.problem = "the rows before row " + number + " are missing";
                return false;
            }
            previous = cut->second;
            missing_record = audit_cut_object(row.sequence - 1);
        } else if (last != 0 && row.sequence != last + 1) {
            verdict.problem = "row " + std::to_string(last + 1) + " is missing";
            return false;
        }
        if (!row.sound || row.hash != seal.expected(previous, row)) {
            verdict.problem = "row " + number + " was changed";
            return false;
        }
        const auto checkpoint = expected.find(row.sequence);
        if (checkpoint != expected.end() && checkpoint->second != row.hash) {
            verdict.problem = "row " + number + " is not the one of its checkpoint";
            return false;
        }
        if (row.entry.action == k_audit_cut_action && row.entry.object == missing_record) {
            missing_record.clear();
        }
        last = row.sequence;
        previous = row.hash;
        ++verdict.rows;
        return true;
    });
    if (!read) return tl::make_unexpected(read.error());
    if (verdict.problem.empty() && !missing_record.empty()) {
        verdict.problem = "the beginning was cut, but not by the retention: no row says so";
    }
    if (verdict.problem.empty() && !expected.empty() && expected.rbegin()->first > last) {
        verdict.problem = "row " + std::to_string(last + 1) +
                          " and all after it were cut: there is a "
                          "checkpoint of row " +
                          std::to_string(expected.rbegin()->first);
    }
    return verdict;
}

}  // namespace modax::security
