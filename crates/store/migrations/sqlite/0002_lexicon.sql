-- Lexicons that were resolved. A version is in force from `resolved_at` until the next one of its name; `number` is the
-- order in which they came into force.
CREATE TABLE lexicon (
    nsid       TEXT NOT NULL PRIMARY KEY,
    checked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lexicon_checked ON lexicon (checked_at);

CREATE TABLE lexicon_version (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    nsid        TEXT NOT NULL REFERENCES lexicon (nsid) ON DELETE CASCADE,
    did         TEXT NOT NULL,
    cid         BLOB NOT NULL,
    rev         TEXT NOT NULL,
    document    BLOB NOT NULL,
    resolved_at INTEGER NOT NULL
) STRICT;
CREATE INDEX lexicon_version_nsid ON lexicon_version (nsid, number);

-- The newest revision that was seen of an authority of a lexicon, so that nobody can turn it back.
CREATE TABLE lexicon_authority (
    nsid    TEXT NOT NULL REFERENCES lexicon (nsid) ON DELETE CASCADE,
    did     TEXT NOT NULL,
    rev     TEXT NOT NULL,
    cid     BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (nsid, did)
) STRICT, WITHOUT ROWID;
