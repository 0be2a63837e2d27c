//! Scopes by reference.

use async_trait::async_trait;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::row::{Columns, one, params};
use super::writer::{Write, atomic};
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::scope_reference::{ScopeReference, ScopeReferenceStore};

#[async_trait]
impl ScopeReferenceStore for Postgres {
    async fn keep_scope(&self, reference: ScopeReference) -> Result<(), StoreError> {
        let ScopeReference { name, scope, until } = &reference;
        atomic!(self, write => {
            write.execute(KEEP, params![name, scope.as_str(), until.millis()]).await.map(drop)
        })
    }

    async fn find_scope(&self, name: &str, now: UnixTime) -> Result<Option<Scopes>, StoreError> {
        let scope = |row: &PgRow| Columns::new("scope_reference", row).parse(1, "scope");
        read!(self, connection => one(connection, FIND, params![name, now.millis()], scope).await)
    }
}

/// Deletes what no token that is alive can say; how many rows.
pub(super) async fn sweep(write: &mut Write, now: i64, batch: i64) -> Result<u64, StoreError> {
    Ok(write.execute(SWEEP, params![now, batch]).await? as u64)
}

statements! {
    KEEP = "INSERT INTO scope_reference AS row (name, scope, until) VALUES ($1, $2, $3) \
        ON CONFLICT (name) DO UPDATE SET until = greatest(row.until, excluded.until)";
    FIND = "SELECT name, scope FROM scope_reference WHERE name = $1 AND until > $2";
    SWEEP = "DELETE FROM scope_reference WHERE name IN \
        (SELECT name FROM scope_reference WHERE until <= $1 LIMIT $2)";
}
