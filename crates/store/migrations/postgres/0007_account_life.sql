-- Codes that are sent by mail, for more than signing in (none was ever sent before), and what a deleted account leaves to
-- sweep.

DROP TABLE mail_code;

-- `purpose` is `change_email`, `confirm_email`, `delete_account`, `reset_password` or `sign_in`.
CREATE TABLE mail_code (
    hash    BYTEA NOT NULL PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    purpose TEXT COLLATE "C" NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX mail_code_account ON mail_code (account, purpose);
CREATE INDEX mail_code_end ON mail_code (ends_at);

-- Blobs of accounts that were deleted: their bytes lie in a folder, and go with the next sweep unless another account has
-- the same.
CREATE TABLE orphan_blob (
    cid TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
