-- What was approved of permission sets, as JSON; null where there are none.
ALTER TABLE request ADD COLUMN sets TEXT;
ALTER TABLE consent ADD COLUMN sets TEXT;

-- What the permission sets of a session give, as JSON. Sessions without sets have no row.
CREATE TABLE token_set (
    token INTEGER PRIMARY KEY REFERENCES token (number) ON DELETE CASCADE,
    sets  TEXT NOT NULL
) STRICT;

CREATE TABLE set_change (
    number  INTEGER PRIMARY KEY,
    token   INTEGER NOT NULL REFERENCES token (number) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    include TEXT NOT NULL,
    "from"  TEXT NOT NULL,
    "to"    TEXT NOT NULL,
    added   TEXT NOT NULL,
    removed TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX set_change_token ON set_change (token, number);
