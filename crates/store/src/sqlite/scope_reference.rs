//! Scopes by reference.

use async_trait::async_trait;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;
use rusqlite::{Row, params};

use super::row::{Columns, one};
use super::writer::Write;
use super::{Sqlite, statements};
use crate::StoreError;
use crate::scope_reference::{ScopeReference, ScopeReferenceStore};

#[async_trait]
impl ScopeReferenceStore for Sqlite {
    async fn keep_scope(&self, reference: ScopeReference) -> Result<(), StoreError> {
        let step = move |write: &mut Write<'_>| {
            let ScopeReference { name, scope, until } = &reference;
            write.execute(KEEP, params![name, scope.as_str(), until.millis()]).map(drop)
        };
        self.write(step).await
    }

    async fn find_scope(&self, name: &str, now: UnixTime) -> Result<Option<Scopes>, StoreError> {
        let scope = |row: &Row<'_>| Columns::new("scope_reference", row).parse(1, "scope");
        self.point(|connection| one(connection, FIND, params![name, now.millis()], scope)).await
    }
}

/// Deletes what no token that is alive can say; how many rows.
pub(super) fn sweep(write: &Write<'_>, now: i64, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, [now, batch])? as u64)
}

statements! {
    KEEP = "INSERT INTO scope_reference (name, scope, until) VALUES (?1, ?2, ?3) \
        ON CONFLICT (name) DO UPDATE SET until = max(until, excluded.until)";
    FIND = "SELECT name, scope FROM scope_reference WHERE name = ?1 AND until > ?2";
    SWEEP = "DELETE FROM scope_reference WHERE name IN \
        (SELECT name FROM scope_reference WHERE until <= ?1 LIMIT ?2)";
}
