-- Accounts whose records another host keeps. Null: the host beside this store.
ALTER TABLE account ADD COLUMN host TEXT COLLATE "C";
CREATE INDEX account_host ON account (host) WHERE host IS NOT NULL;

-- Scopes that stand in access tokens by reference, as long as such a token may be alive. Whoever knows the name of one
-- knows the scope: they are the same thing.
CREATE TABLE scope_reference (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    scope TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX scope_reference_until ON scope_reference (until);
