#include "landing/audit_rows.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace modax::landing {
namespace {

#define MODAX_AUDIT_COLUMNS                                                            \
    "sequence, time, actor, source, via, action, object, result, detail, request_id, " \
    "before_hash, after_hash, count, monotonic, boot_id, hash"

constexpr std::array<std::string_view, 3> k_results{"ok", "refused", "failed"};

std::string_view text_of(AuditEntry::Result result) {
    return k_results[static_cast<std::size_t>(result)];
}

// What every row looks like; another type or result was not written by this program. The values
// alone would not tell: NULL reads as an empty text.
#define MODAX_AUDIT_SOUND                                                                  \
    "typeof(sequence)||typeof(time)||typeof(actor)||typeof(source)||typeof(via)||"         \
    "typeof(action)||typeof(object)||typeof(result)||typeof(detail)||typeof(request_id)||" \
    "typeof(before_hash)||typeof(after_hash)||typeof(count)||typeof(monotonic)||"          \
    "typeof(boot_id)||typeof(hash) = 'integerintegertexttexttexttexttexttexttexttext'"     \
    "||'texttextintegerintegertextblob' AND result IN ('ok','refused','failed')"

AuditEntry::Result result_of(std::string_view text) {
    const auto found = std::find(k_results.begin(), k_results.end(), text);
    if (found == k_results.end()) return AuditEntry::Result::failed;
    return static_cast<AuditEntry::Result>(found - k_results.begin());
}

AuditRow read_row(const Statement& row) {
    AuditRow read;
    AuditEntry& entry = read.entry;
    read.sequence = static_cast<std::uint64_t>(row.integer(0));
    entry.time = from_micros(row.integer(1));
    entry.actor = row.text(2);
    entry.source = row.text(3);
    entry.via = row.text(4);
    entry.action = row.text(5);
    entry.object = row.text(6);
    entry.result = result_of(row.text(7));
    entry.detail = row.text(8);
    entry.request_id = row.text(9);
    entry.before_hash = row.text(10);
    entry.after_hash = row.text(11);
    entry.count = static_cast<std::uint64_t>(row.integer(12));
    read.monotonic_micros = row.integer(13);
    read.boot_id = row.text(14);
    read.hash = row.text(15);
    read.sound = row.integer(16) != 0;
    return read;
}

Status insert(Connection& connection, Statement& statement, const AuditRow& row) {
    const AuditEntry& entry = row.entry;
    statement.bind(1, static_cast<std::int64_t>(row.sequence))
        .bind(2, to_micros(entry.time))
        .bind(3, std::string_view{entry.actor})
        .bind(4, std::string_view{entry.source})
        .bind(5, std::string_view{entry.via})
        .bind(6, std::string_view{entry.action})
        .bind(7, std::string_view{entry.object})
        .bind(8, text_of(entry.result))
        .bind(9, std::string_view{entry.detail})
        .bind(10, std::string_view{entry.request_id})
        .bind(11, std::string_view{entry.before_hash})
        .bind(12, std::string_view{entry.after_hash})
        .bind(13, static_cast<std::int64_t>(entry.count))
        .bind(14, row.monotonic_micros)
        .bind(15, std::string_view{row.boot_id})
        .bind_blob(16, row.hash);
    if (statement.run() != Step::failed) return {};
    return tl::make_unexpected(connection.failure("write an audit row"));
}

// The end of the chain; `row` is left as it is when there is none.
Status find_last(Connection& connection, std::uint64_t& sequence, std::string& hash) {
    Statement last;
    auto prepared = connection.prepare(
        last, "SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1"
    );
    if (!prepared) return prepared;
    const Step step = last.step();
    if (step == Step::failed) {
        return tl::make_unexpected(connection.failure("read the end of the audit log"));
    }
    if (step == Step::row) {
        sequence = static_cast<std::uint64_t>(last.integer(0));
        hash = last.text(1);
    }
    return {};
}

Result<std::vector<AuditRow>> rows_of(Connection& connection, Statement& statement) {
    std::vector<AuditRow> rows;
    Step step = Step::done;
    while ((step = statement.step()) == Step::row) rows.push_back(read_row(statement));
    if (step == Step::failed) return tl::make_unexpected(connection.failure("read the audit log"));
    return rows;
}

// One condition of a query; an exact text can use an index, one with '*' can't.
struct TextCondition {
    std::string_view column;
    std::string text;
    bool exact = true;
};

TextCondition condition_of(std::string_view column, std::string_view wanted) {
    TextCondition condition{column, {}, wanted.find('*') == std::string_view::npos};
    for (const char letter : wanted) {
        const bool special = !condition.exact && (letter == '?' || letter == '[');
        condition.text += special ? std::string{'[', letter, ']'} : std::string(1, letter);
    }
    return condition;
}

}  // namespace

Status append_audit_rows(
    Connection& connection, const AuditSeal& seal, std::span<const AuditEntry> entries
) {
    if (entries.empty()) return {};
    AuditRow row;
    row.hash = k_audit_origin;
    if (auto found = find_last(connection, row.sequence, row.hash); !found) return found;
    Statement statement;
    auto prepared = connection.prepare(
        statement,
        "INSERT INTO audit_log(" MODAX_AUDIT_COLUMNS
        ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)"
    );
    if (!prepared) return prepared;
    for (const AuditEntry& entry : entries) {
        const std::string previous = row.hash;
        ++row.sequence;
        row.entry = entry;
        seal.seal(previous, row);
        if (auto written = insert(connection, statement, row); !written) return written;
    }
    return {};
}

Result<std::vector<AuditRow>> find_audit_rows(Connection& connection, const AuditQuery& query) {
    std::vector<TextCondition> conditions;
    if (!query.actor.empty()) conditions.push_back(condition_of("actor", query.actor));
    if (!query.action.empty()) conditions.push_back(condition_of("action", query.action));
    if (!query.object.empty()) conditions.push_back(condition_of("object", query.object));
    if (query.result) conditions.push_back({"result", std::string{text_of(*query.result)}, true});
    std::string sql = "SELECT " MODAX_AUDIT_COLUMNS ", " MODAX_AUDIT_SOUND
                      " FROM audit_log WHERE sequence < ?1 AND time >= ?2 AND time < ?3";
    int index = 5;
    for (const TextCondition& condition : conditions) {
        sql += " AND " + std::string{condition.column} + (condition.exact ? " = ?" : " GLOB ?") +
               std::to_string(index++);
    }
    sql += " ORDER BY sequence DESC LIMIT ?4";
    Statement rows;
    if (auto prepared = connection.prepare(rows, sql); !prepared) {
        return tl::make_unexpected(prepared.error());
    }
    constexpr auto k_last = std::numeric_limits<std::int64_t>::max();
    rows.bind(1, query.before == 0 ? k_last : static_cast<std::int64_t>(query.before))
        .bind(2, query.start ? to_micros(*query.start) : std::numeric_limits<std::int64_t>::min())
        .bind(3, query.end ? to_micros(*query.end) : k_last)
        .bind(4, static_cast<std::int64_t>(query.limit));
    index = 5;
    for (const TextCondition& condition : conditions) {
        rows.bind(index++, std::string_view{condition.text});
    }
    return rows_of(connection, rows);
}

Result<std::vector<AuditRow>> audit_rows_from(
    Connection& connection, std::uint64_t sequence, std::size_t limit
) {
    Statement rows;
    auto prepared = connection.prepare(
        rows,
        "SELECT " MODAX_AUDIT_COLUMNS ", " MODAX_AUDIT_SOUND
        " FROM audit_log WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    rows.bind(1, static_cast<std::int64_t>(sequence)).bind(2, static_cast<std::int64_t>(limit));
    return rows_of(connection, rows);
}

Status insert_audit_checkpoint(Connection& connection, const AuditCheckpoint& checkpoint) {
    Statement row;
    auto prepared =
        connection.prepare(row, "INSERT OR REPLACE INTO audit_checkpoints VALUES(?1,?2,?3,?4)");
    if (!prepared) return prepared;
    row.bind(1, static_cast<std::int64_t>(checkpoint.sequence))
        .bind_blob(2, checkpoint.hash)
        .bind(3, to_micros(checkpoint.time))
        .bind_blob(4, checkpoint.signature);
    if (row.run() != Step::failed) return {};
    return tl::make_unexpected(connection.failure("write an audit checkpoint"));
}

Result<std::vector<AuditCheckpoint>> find_audit_checkpoints(Connection& connection) {
    Statement rows;
    auto prepared = connection.prepare(
        rows, "SELECT sequence, hash, time, signature FROM audit_checkpoints ORDER BY sequence"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    std::vector<AuditCheckpoint> found;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) {
        found.push_back(
            {static_cast<std::uint64_t>(rows.integer(0)),
             std::string{rows.text(1)},
             from_micros(rows.integer(2)),
             std::string{rows.text(3)}}
        );
    }
    if (step == Step::failed) {
        return tl::make_unexpected(connection.failure("read the audit checkpoints"));
    }
    return found;
}

Status delete_audit_rows(Connection& connection, std::uint64_t sequence) {
    for (const auto* sql :
         {"DELETE FROM audit_log WHERE sequence <= ?1",
          "DELETE FROM audit_checkpoints WHERE sequence < ?1"}) {
        Statement rows;
        if (auto prepared = connection.prepare(rows, sql); !prepared) return prepared;
        rows.bind(1, static_cast<std::int64_t>(sequence));
        if (rows.run() == Step::failed) return tl::make_unexpected(connection.failure(sql));
    }
    return {};
}

}  // namespace modax::landing
