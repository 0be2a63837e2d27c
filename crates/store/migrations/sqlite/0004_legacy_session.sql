-- Password sessions, app passwords and preferences.

-- `scope` is null where it may do everything that app passwords may. The last use is in the last three columns.
CREATE TABLE app_password (
    id           BLOB NOT NULL PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    hash         BLOB NOT NULL,
    privileged   INTEGER NOT NULL,
    scope        TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    used_at      INTEGER,
    used_client  TEXT,
    used_network TEXT,
    UNIQUE (account, name),
    UNIQUE (account, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX app_password_end ON app_password (expires_at) WHERE expires_at IS NOT NULL;

-- `app_password` is null for a session that was begun with the password of the account.
CREATE TABLE legacy_session (
    id           BLOB NOT NULL PRIMARY KEY,
    account      TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    app_password BLOB REFERENCES app_password (id) ON DELETE CASCADE,
    taken_down   INTEGER NOT NULL,
    granted      TEXT,
    created_at   INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX legacy_session_account ON legacy_session (account);
CREATE INDEX legacy_session_app_password ON legacy_session (app_password) WHERE app_password IS NOT NULL;
CREATE INDEX legacy_session_end ON legacy_session (ends_at);

-- Names of refresh tokens, which are signed with a key that is not here.
CREATE TABLE legacy_refresh (
    id         BLOB NOT NULL PRIMARY KEY,
    session    BLOB NOT NULL REFERENCES legacy_session (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX legacy_refresh_session ON legacy_refresh (session);
CREATE INDEX legacy_refresh_end ON legacy_refresh (expires_at);

CREATE TABLE preference (
    account TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    place   INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    json    TEXT NOT NULL,
    PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;
