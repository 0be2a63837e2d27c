-- Codes that let somebody make an account. They are kept in clear: whoever was given one sees it again.
-- `for_account` is null for those of the operator.
CREATE TABLE invite_code (
    code        TEXT NOT NULL PRIMARY KEY,
    uses        INTEGER NOT NULL,
    for_account TEXT REFERENCES owner (did) ON DELETE CASCADE,
    created_by  TEXT REFERENCES owner (did) ON DELETE SET NULL,
    disabled    INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_code_for_account ON invite_code (for_account) WHERE for_account IS NOT NULL;
CREATE INDEX invite_code_created_by ON invite_code (created_by) WHERE created_by IS NOT NULL;

-- A use stays when the account that it made is deleted: the code is not whole again.
CREATE TABLE invite_code_use (
    number  INTEGER PRIMARY KEY,
    code    TEXT NOT NULL REFERENCES invite_code (code) ON DELETE CASCADE,
    used_by TEXT REFERENCES owner (did) ON DELETE SET NULL,
    used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX invite_code_use_code ON invite_code_use (code);
CREATE INDEX invite_code_use_used_by ON invite_code_use (used_by) WHERE used_by IS NOT NULL;
