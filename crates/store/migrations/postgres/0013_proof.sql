-- Proofs of possession that may not be used again, so that every node refuses what one has seen. In SQLite they are in the
-- memory of its one process.
CREATE TABLE proof (
    key   BYTEA NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);
CREATE INDEX proof_until ON proof (until);
