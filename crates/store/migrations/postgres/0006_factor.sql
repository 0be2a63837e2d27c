-- Second factors, and what is under way with them.

-- `kind` is `email`, `passkey` or `totp`. What the factor is checked with is `sealed` under a key that is not here.
-- `counter` is the step of the last TOTP code that was taken, or the sign counter of a passkey.
CREATE TABLE factor (
    id         BYTEA NOT NULL PRIMARY KEY,
    account    TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    kind       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,
    counter    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX factor_account ON factor (account);
CREATE UNIQUE INDEX factor_single ON factor (account, kind) WHERE kind <> 'passkey';

CREATE TABLE recovery_code (
    account TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (account, hash)
);

-- The code that was sent to an account by mail last.
CREATE TABLE mail_code (
    account TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES owner (did) ON DELETE CASCADE,
    hash    BYTEA NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX mail_code_end ON mail_code (ends_at);

-- Sign-ins whose password was right, and whose second factor is awaited. `request` is as in `device_account`, but never
-- empty.
CREATE TABLE waiting_sign_in (
    device   TEXT COLLATE "C" NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    request  TEXT COLLATE "C" NOT NULL,
    account  TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    remember BOOLEAN NOT NULL,
    tries    BIGINT NOT NULL,
    ends_at  BIGINT NOT NULL,
    PRIMARY KEY (device, request)
);
CREATE INDEX waiting_sign_in_account ON waiting_sign_in (account);
CREATE INDEX waiting_sign_in_end ON waiting_sign_in (ends_at);

-- When the account last proved itself on the device with all that it has: until now, with the password alone.
ALTER TABLE device_account ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
UPDATE device_account SET proven_at = signed_in_at;
