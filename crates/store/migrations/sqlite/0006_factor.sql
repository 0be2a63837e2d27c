-- Second factors, and what is under way with them.

-- `kind` is `email`, `passkey` or `totp`. What the factor is checked with is `sealed` under a key that is not here.
-- `counter` is the step of the last TOTP code that was taken, or the sign counter of a passkey.
CREATE TABLE factor (
    id         BLOB NOT NULL PRIMARY KEY,
    account    TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    counter    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX factor_account ON factor (account);
CREATE UNIQUE INDEX factor_single ON factor (account, kind) WHERE kind <> 'passkey';

CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    hash    BLOB NOT NULL,
    PRIMARY KEY (account, hash)
) STRICT, WITHOUT ROWID;

-- The code that was sent to an account by mail last.
CREATE TABLE mail_code (
    account TEXT NOT NULL PRIMARY KEY REFERENCES owner (did) ON DELETE CASCADE,
    hash    BLOB NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_code_end ON mail_code (ends_at);

-- Sign-ins whose password was right, and whose second factor is awaited. `request` is as in `device_account`, but never
-- empty.
CREATE TABLE waiting_sign_in (
    device   TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    request  TEXT NOT NULL,
    account  TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    remember INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    ends_at  INTEGER NOT NULL,
    PRIMARY KEY (device, request)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_sign_in_account ON waiting_sign_in (account);
CREATE INDEX waiting_sign_in_end ON waiting_sign_in (ends_at);

-- When the account last proved itself on the device with all that it has: until now, with the password alone.
ALTER TABLE device_account ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0;
UPDATE device_account SET proven_at = signed_in_at;
