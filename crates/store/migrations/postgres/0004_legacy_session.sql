-- Password sessions, app passwords and preferences.

-- `scope` is null where it may do everything that app passwords may. The last use is in the last three columns.
CREATE TABLE app_password (
    id           BYTEA NOT NULL PRIMARY KEY,
    account      TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    name         TEXT COLLATE "C" NOT NULL,
    hash         BYTEA NOT NULL,
    privileged   BOOLEAN NOT NULL,
    scope        TEXT COLLATE "C",
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    used_at      BIGINT,
    used_client  TEXT COLLATE "C",
    used_network TEXT COLLATE "C",
    UNIQUE (account, name),
    UNIQUE (account, hash)
);
CREATE INDEX app_password_end ON app_password (expires_at) WHERE expires_at IS NOT NULL;

-- `app_password` is null for a session that was begun with the password of the account.
CREATE TABLE legacy_session (
    id           BYTEA NOT NULL PRIMARY KEY,
    account      TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    app_password BYTEA REFERENCES app_password (id) ON DELETE CASCADE,
    taken_down   BOOLEAN NOT NULL,
    granted      TEXT COLLATE "C",
    created_at   BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL
);
CREATE INDEX legacy_session_account ON legacy_session (account);
CREATE INDEX legacy_session_app_password ON legacy_session (app_password) WHERE app_password IS NOT NULL;
CREATE INDEX legacy_session_end ON legacy_session (ends_at);

-- Names of refresh tokens, which are signed with a key that is not here.
CREATE TABLE legacy_refresh (
    id         BYTEA NOT NULL PRIMARY KEY,
    session    BYTEA NOT NULL REFERENCES legacy_session (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX legacy_refresh_session ON legacy_refresh (session);
CREATE INDEX legacy_refresh_end ON legacy_refresh (expires_at);

CREATE TABLE preference (
    account TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    place   BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    json    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, place)
);
