#include "landing/schema_steps.hpp"

namespace modax::landing {

// Keys: from where, by whom, when used, what follows. Users and roles. The version tells a
// running gateway that the command line has changed something.
const char* const k_identity_schema = R"sql(
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN successor TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN last_used INTEGER;
CREATE TABLE users(
    name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, roles TEXT NOT NULL,
    created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE roles(
    name TEXT PRIMARY KEY, publish TEXT NOT NULL, subscribe TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE identity_version(version INTEGER NOT NULL);
INSERT INTO identity_version VALUES(1);
CREATE TRIGGER api_keys_added AFTER INSERT ON api_keys
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER api_keys_changed AFTER UPDATE OF revoked, expires, successor ON api_keys
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_added AFTER INSERT ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_changed AFTER UPDATE ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER users_removed AFTER DELETE ON users
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_added AFTER INSERT ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_changed AFTER UPDATE ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
CREATE TRIGGER roles_removed AFTER DELETE ON roles
    BEGIN UPDATE identity_version SET version = version + 1; END;
)sql";

}  // namespace modax::landing
