// API keys as rows.
#include "landing/store_state.hpp"

#include <sstream>

namespace modax::landing {
namespace {

// Scopes and device patterns have no line breaks (security checks them).
std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += word + '\n';
    return text;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) words.push_back(line);
    return words;
}

}  // namespace

Result<std::vector<ApiKey>> Store::keys() const {
    const std::lock_guard lock{state_->anchor_mutex};
    Statement rows;
    auto prepared = state_->anchor.prepare(
        rows,
        "SELECT id, name, secret_hash, scopes, devices, created, expires, revoked"
        " FROM api_keys ORDER BY created, id"
    );
    if (!prepared) return tl::make_unexpected(prepared.error());
    std::vector<ApiKey> found;
    Step step = Step::done;
    while ((step = rows.step()) == Step::row) {
        ApiKey key;
        key.id = rows.text(0);
        key.name = rows.text(1);
        key.secret_hash = rows.text(2);
        key.scopes = split(rows.text(3));
        key.devices = split(rows.text(4));
        key.created = from_micros(rows.integer(5));
        if (!rows.is_null(6)) key.expires = from_micros(rows.integer(6));
        key.revoked = rows.integer(7) != 0;
        found.push_back(std::move(key));
    }
    if (step == Step::failed)
        return tl::make_unexpected(state_->anchor.failure("read the API keys"));
    return found;
}

Status Store::insert(const ApiKey& key) {
    const std::lock_guard lock{state_->anchor_mutex};
    const std::lock_guard turn{state_->write_turn};
    Connection& connection = state_->anchor;
    Statement row;
    auto prepared = connection.prepare(
        row, "INSERT INTO api_keys VALUES(?1,?2,?3,?4,?5,?6,?7,?8) ON CONFLICT DO NOTHING"
    );
    if (!prepared) return prepared;
    const auto scopes = joined(key.scopes);
    const auto devices = joined(key.devices);
    row.bind(1, std::string_view{key.id})
        .bind(2, std::string_view{key.name})
        .bind_blob(3, key.secret_hash)
        .bind(4, std::string_view{scopes})
        .bind(5, std::string_view{devices})
        .bind(6, to_micros(key.created))
        .bind(8, std::int64_t{key.revoked ? 1 : 0});
    if (key.expires) row.bind(7, to_micros(*key.expires));
    if (row.run() == Step::failed) {
        const auto failure = connection.failure("store API key " + key.id);
        row = Statement{};
        state_->renew_anchor();
        return tl::make_unexpected(failure);
    }
    if (connection.changes() == 0) {
        return fail(Errc::already_exists, "an API key with id " + key.id + " exists");
    }
    return {};
}

Status Store::revoke(std::string_view id) {
    const std::lock_guard lock{state_->anchor_mutex};
    const std::lock_guard turn{state_->write_turn};
    Connection& connection = state_->anchor;
    Statement row;
    if (auto prepared = connection.prepare(row, "UPDATE api_keys SET revoked=1 WHERE id=?1");
        !prepared) {
        return prepared;
    }
    row.bind(1, id);
    if (row.run() == Step::failed) {
        const auto failure = connection.failure("revoke API key " + std::string{id});
        row = Statement{};
        state_->renew_anchor();
        return tl::make_unexpected(failure);
    }
    if (connection.changes() == 0) {
        return fail(Errc::not_found, "there is no API key with id " + std::string{id});
    }
    return {};
}

}  // namespace modax::landing
