-- Times are milliseconds since 1970. Hashes, CIDs and names made of bytes are BLOBs, everything else is TEXT as it is
-- spoken. No row holds a code, refresh token, cookie or key in clear.

-- Every DID for which something is kept here, whether its account is kept here or elsewhere. Whoever forgets it
-- forgets everything below.
CREATE TABLE owner (
    did TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    did             TEXT NOT NULL PRIMARY KEY REFERENCES owner (did) ON DELETE CASCADE,
    handle          TEXT NOT NULL UNIQUE,
    email           TEXT UNIQUE,
    email_confirmed INTEGER NOT NULL,
    status          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    password        TEXT,
    signing_key     BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
    account    TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    client     TEXT NOT NULL,
    approved   TEXT NOT NULL,
    declined   TEXT NOT NULL,
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (account, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id              TEXT NOT NULL PRIMARY KEY,
    secret          BLOB NOT NULL,
    previous_secret BLOB,
    rotated_at      INTEGER NOT NULL,
    fingerprint     BLOB NOT NULL,
    user_agent      TEXT,
    created_at      INTEGER NOT NULL,
    seen_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_seen ON device (seen_at);

-- `request` is empty where the sign-in is remembered for every request.
CREATE TABLE device_account (
    device       TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    account      TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    request      TEXT NOT NULL,
    signed_in_at INTEGER NOT NULL,
    PRIMARY KEY (device, account, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_account_account ON device_account (account);
CREATE INDEX device_account_request ON device_account (request) WHERE request <> '';

-- `account`, `scope`, `code` and `code_expires_at` are there once it is approved. `client_auth` is null for a public
-- client.
CREATE TABLE request (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    client          TEXT NOT NULL,
    client_auth     TEXT,
    dpop_jkt        BLOB NOT NULL,
    parameters      TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    device          TEXT,
    account         TEXT REFERENCES owner (did) ON DELETE CASCADE,
    scope           TEXT,
    code            BLOB,
    code_expires_at INTEGER
) STRICT;
CREATE UNIQUE INDEX request_code ON request (code) WHERE code IS NOT NULL;
CREATE INDEX request_account ON request (account) WHERE account IS NOT NULL;
CREATE INDEX request_end ON request (coalesce(code_expires_at, expires_at));

CREATE TABLE challenge (
    challenge TEXT NOT NULL PRIMARY KEY,
    until     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_until ON challenge (until);

CREATE TABLE used_code (
    code    BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    device  TEXT,
    token   BLOB,
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_code_until ON used_code (until);

-- `client_auth` and `client_key`, its thumbprint, are null for a public client.
CREATE TABLE token (
    number            INTEGER PRIMARY KEY,
    id                BLOB NOT NULL UNIQUE,
    account           TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    client            TEXT NOT NULL,
    client_auth       TEXT,
    client_key        BLOB,
    dpop_jkt          BLOB NOT NULL,
    audience          TEXT NOT NULL,
    approved          TEXT NOT NULL,
    granted           TEXT NOT NULL,
    device            TEXT,
    created_at        INTEGER NOT NULL,
    rotated_at        INTEGER NOT NULL,
    rotation          INTEGER NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh           BLOB,
    previous_refresh  BLOB
) STRICT;
CREATE INDEX token_account ON token (account);
CREATE INDEX token_key ON token (client, client_key) WHERE client_key IS NOT NULL;

-- The hash of every refresh token that a token ever had, the current one too.
CREATE TABLE refresh (
    hash  BLOB NOT NULL PRIMARY KEY,
    token INTEGER NOT NULL REFERENCES token (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token ON refresh (token);

CREATE TABLE assertion (
    key   BLOB NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assertion_until ON assertion (until);

CREATE TABLE repo (
    number      INTEGER PRIMARY KEY,
    did         TEXT NOT NULL UNIQUE REFERENCES owner (did) ON DELETE CASCADE,
    head        BLOB NOT NULL,
    rev         TEXT NOT NULL,
    data        BLOB NOT NULL
) STRICT;

CREATE TABLE block (
    repo  INTEGER NOT NULL REFERENCES repo (number) ON DELETE CASCADE,
    cid   BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (repo, cid)
) STRICT, WITHOUT ROWID;

-- The value of a record lies in its row and is no block: two records may have one value, and one of them may go.
CREATE TABLE record (
    repo       INTEGER NOT NULL REFERENCES repo (number) ON DELETE CASCADE,
    collection TEXT NOT NULL,
    key        TEXT NOT NULL,
    cid        BLOB NOT NULL,
    value      BLOB NOT NULL,
    PRIMARY KEY (repo, collection, key)
) STRICT, WITHOUT ROWID;

-- The CIDs of blobs are text, because they are listed in the order of their text.
CREATE TABLE blob (
    did           TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    cid           TEXT NOT NULL,
    size          INTEGER NOT NULL,
    declared_type TEXT NOT NULL,
    sniffed_type  TEXT,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (did, cid)
) STRICT, WITHOUT ROWID;

CREATE TABLE record_blob (
    repo       INTEGER NOT NULL,
    collection TEXT NOT NULL,
    key        TEXT NOT NULL,
    cid        TEXT NOT NULL,
    PRIMARY KEY (repo, collection, key, cid),
    FOREIGN KEY (repo, collection, key) REFERENCES record (repo, collection, key) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX record_blob_cid ON record_blob (repo, cid);
