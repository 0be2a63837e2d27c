//! Bringing a database to the newest schema: numbered steps, forward only, each applied once and never changed after.
//!
//! The old program and the new one may run beside each other on one database while nodes are replaced, so a step may only
//! add what the old one does not miss: columns with a default or none, tables, indexes.

use gatewright_protocol::crypto::sha256;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::row::{Columns, all, one, params};
use super::{failed, statements};
use crate::StoreError;

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal $file:literal;)*) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../../migrations/postgres/", $file, ".sql")),
        }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations! {
    1 "foundation" "0001_foundation";
    2 "lexicon" "0002_lexicon";
    3 "set_change" "0003_set_change";
    4 "legacy session" "0004_legacy_session";
    5 "fixes" "0005_fixes";
    6 "factor" "0006_factor";
    7 "account life" "0007_account_life";
    10 "invite code" "0010_invite_code";
    11 "security event" "0011_security_event";
    12 "entryway" "0012_entryway";
    13 "proof" "0013_proof";
};

/// Why a database cannot be brought to the newest schema.
#[derive(Debug, thiserror::Error)]
enum MigrationError {
    #[error(
        "migration {number} (`{name}`) was applied to the database with another text than this program has"
    )]
    Changed { number: i64, name: &'static str },
    #[error("the database has migration {0}, which this program does not know: it was opened by a newer one")]
    Newer(i64),
}

/// Applies what is missing, all of it or nothing. Nodes that start together wait for each other.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), StoreError> {
    let mut transaction = connection.begin().await?;
    one(&mut transaction, LOCK, params![MIGRATING], |_| Ok(())).await?;
    sqlx::raw_sql(CREATE).execute(&mut *transaction).await?;
    let applied = all(&mut transaction, LIST, params![], |row| {
        let columns = Columns::new("migration", row);
        Ok((columns.value::<i64>(0, "number")?, columns.value::<[u8; 32]>(1, "checksum")?))
    })
    .await?;
    for migration in MIGRATIONS {
        let checksum = sha256(migration.sql.as_bytes());
        match applied.iter().find(|(number, _)| *number == migration.number) {
            Some((_, applied)) if *applied == checksum => {}
            Some(_) => {
                let Migration { number, name, .. } = *migration;
                return Err(failed(MigrationError::Changed { number, name }));
            }
            None => {
                sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
                let row = params![migration.number, migration.name, checksum];
                one(&mut transaction, INSERT, row, |_| Ok(())).await?;
            }
        }
    }
    let is_unknown =
        |number: &&(i64, [u8; 32])| MIGRATIONS.iter().all(|migration| migration.number != number.0);
    // A node of before may start while the others are new already: what they added does not disturb it, but it was not
    // tried with it either.
    if let Some((number, _)) = applied.iter().find(is_unknown) {
        return Err(failed(MigrationError::Newer(*number)));
    }
    Ok(transaction.commit().await?)
}

/// Whoever holds this advisory lock changes the schema.
const MIGRATING: i64 = 0x6761_7465_7772_6967;
const CREATE: &str = "CREATE TABLE IF NOT EXISTS migration \
    (number BIGINT NOT NULL PRIMARY KEY, name TEXT COLLATE \"C\" NOT NULL, checksum BYTEA NOT NULL)";

statements! {
    LOCK = "SELECT pg_advisory_xact_lock($1)";
    LIST = "SELECT number, checksum FROM migration ORDER BY number";
    INSERT = "INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)";
}
