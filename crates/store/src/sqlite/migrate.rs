//! Bringing a file to the newest schema: numbered steps, forward only, each applied once and never changed after.

use gatewright_protocol::crypto::sha256;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::failed;
use crate::StoreError;

struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "foundation",
        sql: include_str!("../../migrations/sqlite/0001_foundation.sql"),
    },
    Migration { number: 2, name: "lexicon", sql: include_str!("../../migrations/sqlite/0002_lexicon.sql") },
    Migration {
        number: 3,
        name: "set_change",
        sql: include_str!("../../migrations/sqlite/0003_set_change.sql"),
    },
    Migration {
        number: 4,
        name: "legacy session",
        sql: include_str!("../../migrations/sqlite/0004_legacy_session.sql"),
    },
    Migration { number: 5, name: "fixes", sql: include_str!("../../migrations/sqlite/0005_fixes.sql") },
    Migration { number: 6, name: "factor", sql: include_str!("../../migrations/sqlite/0006_factor.sql") },
    Migration {
        number: 7,
        name: "account life",
        sql: include_str!("../../migrations/sqlite/0007_account_life.sql"),
    },
    Migration {
        number: 10,
        name: "invite code",
        sql: include_str!("../../migrations/sqlite/0010_invite_code.sql"),
    },
    Migration {
        number: 11,
        name: "security event",
        sql: include_str!("../../migrations/sqlite/0011_security_event.sql"),
    },
    Migration {
        number: 12,
        name: "entryway",
        sql: include_str!("../../migrations/sqlite/0012_entryway.sql"),
    },
];

/// Why a file cannot be brought to the newest schema.
#[derive(Debug, thiserror::Error)]
enum MigrationError {
    #[error(
        "migration {number} (`{name}`) was applied to the database with another text than this program has"
    )]
    Changed { number: u32, name: &'static str },
    #[error("the database has migration {0}, which this program does not know: it was opened by a newer one")]
    Newer(u32),
}

/// Applies what is missing, all of it or nothing. Two processes that start together wait for each other.
pub(super) fn run(connection: &mut Connection) -> Result<(), StoreError> {
    if is_current(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(CREATE)?;
    for migration in MIGRATIONS {
        let checksum = sha256(migration.sql.as_bytes());
        let applied: Option<[u8; 32]> =
            transaction.query_row(FIND, [migration.number], |row| row.get(0)).optional()?;
        match applied {
            Some(applied) if applied == checksum => {}
            Some(_) => {
                let Migration { number, name, .. } = *migration;
                return Err(failed(MigrationError::Changed { number, name }));
            }
            None => {
                transaction.execute_batch(migration.sql)?;
                transaction.execute(INSERT, (migration.number, migration.name, checksum))?;
            }
        }
    }
    let newest: u32 = transaction.query_row(NEWEST, [], |row| row.get(0))?;
    if MIGRATIONS.iter().all(|migration| migration.number != newest) {
        return Err(failed(MigrationError::Newer(newest)));
    }
    Ok(transaction.commit()?)
}

/// Reading alone is enough on every start but the first after an update.
fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    if connection.query_row(HAS_TABLE, [], |row| row.get::<_, u32>(0))? == 0 {
        return Ok(false);
    }
    let applied: Vec<(u32, [u8; 32])> = connection
        .prepare(LIST)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let known = MIGRATIONS.iter().map(|migration| (migration.number, sha256(migration.sql.as_bytes())));
    Ok(applied.into_iter().eq(known))
}

const HAS_TABLE: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migration'";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS migration \
    (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL) STRICT";
const LIST: &str = "SELECT number, checksum FROM migration ORDER BY number";
const FIND: &str = "SELECT checksum FROM migration WHERE number = ?1";
const INSERT: &str = "INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)";
const NEWEST: &str = "SELECT max(number) FROM migration";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_changes_nothing() {
        let mut connection = Connection::open_in_memory().expect("there is memory");
        run(&mut connection).expect("it migrates");
        assert!(is_current(&connection).expect("it reads"));
        run(&mut connection).expect("it migrates again");
    }

    #[test]
    fn a_migration_that_was_changed_is_refused() {
        let mut connection = Connection::open_in_memory().expect("there is memory");
        run(&mut connection).expect("it migrates");
        connection.execute("UPDATE migration SET checksum = zeroblob(32)", []).expect("it changes");
        let error = run(&mut connection).expect_err("another text");
        assert!(format!("{error:?}").contains("Changed"), "{error:?}");
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused() {
        let mut connection = Connection::open_in_memory().expect("there is memory");
        run(&mut connection).expect("it migrates");
        connection
            .execute("INSERT INTO migration VALUES (9999, 'later', zeroblob(32))", [])
            .expect("it inserts");
        let error = run(&mut connection).expect_err("a newer one");
        assert!(format!("{error:?}").contains("Newer"), "{error:?}");
    }

    #[test]
    fn sessions_of_before_are_what_they_began_as_if_that_can_be_told() {
        let mut connection = Connection::open_in_memory().expect("there is memory");
        let [first, ..] = MIGRATIONS else { panic!("there is a first one") };
        connection.execute_batch(CREATE).expect("it creates");
        connection.execute_batch(first.sql).expect("it migrates");
        let row = (first.number, first.name, sha256(first.sql.as_bytes()));
        connection.execute(INSERT, row).expect("it inserts");
        connection.execute("INSERT INTO owner VALUES ('did:web:a.example.com')", []).expect("it inserts");
        for auth in ["NULL", "'{}'"] {
            let token = format!(
                "INSERT INTO token (id, account, client, client_auth, dpop_jkt, audience, approved, granted, \
                 created_at, rotated_at, rotation, access_expires_at) VALUES (randomblob(16), \
                 'did:web:a.example.com', 'c', {auth}, x'00', 'd', 'atproto', 'atproto', 1, 1, 0, 1)"
            );
            connection.execute(&token, []).expect("it inserts");
        }
        run(&mut connection).expect("it migrates");
        let began = "SELECT client_auth IS NULL, began_public FROM token ORDER BY number";
        let mut rows = connection.prepare(began).expect("it prepares");
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it asks");
        let rows: Vec<(bool, bool)> = rows.map(|row| row.expect("it reads")).collect();
        assert_eq!(rows, [(true, true), (false, false)]);
    }

    #[test]
    fn migrations_are_numbered_in_their_order() {
        assert!(MIGRATIONS.is_sorted_by(|earlier, later| earlier.number < later.number));
    }
}
