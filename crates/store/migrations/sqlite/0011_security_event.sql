-- What the owner of an account may want to look back at.

CREATE TABLE security_event (
    number  INTEGER NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES owner (did) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    session BLOB,
    client  TEXT,
    subject TEXT,
    scope   TEXT,
    place   TEXT
) STRICT;
CREATE INDEX security_event_account ON security_event (account, kind, at);
CREATE INDEX security_event_session ON security_event (session, place) WHERE session IS NOT NULL;
CREATE INDEX security_event_end ON security_event (at);

-- Roughly where a browser last came from; never an address.
ALTER TABLE device ADD COLUMN place TEXT;
