//! The sets of sessions, and their changes.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use sqlx::postgres::{PgConnection, PgRow};

use super::row::{Columns, all, one, params};
use super::token::client;
use super::writer::{Write, atomic};
use super::{Postgres, failed, read, statements};
use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::set_change::{MOST_CHANGES, ReplaceSets, SetChange, SetChangeStore, SetOutcome};
use crate::token::TokenId;

#[async_trait]
impl SetChangeStore for Postgres {
    async fn find_sets(&self, token: TokenId) -> Result<Vec<ApprovedSet>, StoreError> {
        read!(self, connection => find(connection, token).await)
    }

    async fn replace_sets(&self, token: TokenId, sets: ReplaceSets) -> Result<bool, StoreError> {
        atomic!(self, write => {
            let lives = one(&mut write.connection, LIVES, params![token.0], |_| Ok(())).await?.is_some();
            if !lives || find(&mut write.connection, token).await? != sets.before {
                return Ok(false);
            }
            put(write, token, &sets.after).await?;
            note(write, token, &sets.changes).await?;
            Ok(true)
        })
    }

    async fn list_set_changes(&self, account: &Did) -> Result<Vec<SetChange>, StoreError> {
        read!(self, connection => all(connection, LIST, params![account.as_str()], read).await)
    }
}

/// The sets of a session, as the file has them.
pub(super) async fn find(
    connection: &mut PgConnection,
    token: TokenId,
) -> Result<Vec<ApprovedSet>, StoreError> {
    let found =
        one(connection, FIND, params![token.0], |row| sets(&Columns::new("token_set", row), 1)).await?;
    Ok(found.unwrap_or_default())
}

/// Keeps the sets of a session.
pub(super) async fn put(write: &mut Write, token: TokenId, sets: &[ApprovedSet]) -> Result<(), StoreError> {
    match sets_column(sets)? {
        Some(sets) => write.execute(PUT, params![token.0, sets]).await.map(drop),
        None => write.execute(REMOVE, params![token.0]).await.map(drop),
    }
}

/// Notes changes of a session's sets, and forgets the oldest ones of too many.
pub(super) async fn note(write: &mut Write, token: TokenId, changes: &[SetChange]) -> Result<(), StoreError> {
    for change in changes {
        write
            .execute(
                INSERT,
                params![
                    token.0,
                    change.at.millis(),
                    change.include,
                    change.from,
                    change.to,
                    change.added.as_str(),
                    change.removed.as_str(),
                    outcome_column(change.outcome),
                ],
            )
            .await?;
    }
    if !changes.is_empty() {
        write.execute(TRIM, params![token.0, i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX)]).await?;
    }
    Ok(())
}

/// Null where there are none.
pub(super) fn sets_column(sets: &[ApprovedSet]) -> Result<Option<String>, StoreError> {
    if sets.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(sets).map(Some).map_err(failed)
}

/// Reads what [`sets_column`] wrote.
pub(super) fn sets(columns: &Columns<'_>, at: usize) -> Result<Vec<ApprovedSet>, StoreError> {
    match columns.optional_text(at, "sets")? {
        None => Ok(Vec::new()),
        Some(json) => columns.read("sets", serde_json::from_str(json).ok()),
    }
}

const fn outcome_column(outcome: SetOutcome) -> &'static str {
    match outcome {
        SetOutcome::Applied => "applied",
        SetOutcome::Approved => "approved",
        SetOutcome::Held => "held",
    }
}

fn read(row: &PgRow) -> Result<SetChange, StoreError> {
    let columns = Columns::new("set_change", row);
    let outcome = match columns.text(10, "outcome")? {
        "applied" => Some(SetOutcome::Applied),
        "approved" => Some(SetOutcome::Approved),
        "held" => Some(SetOutcome::Held),
        _ => None,
    };
    Ok(SetChange {
        token: TokenId(columns.value(1, "id")?),
        account: columns.parse(2, "account")?,
        client: client(&columns, 3)?,
        at: columns.time(4, "at")?,
        include: columns.value(5, "include")?,
        from: columns.value(6, "from")?,
        to: columns.value(7, "to")?,
        added: columns.parse(8, "added")?,
        removed: columns.parse(9, "removed")?,
        outcome: columns.read("outcome", outcome)?,
    })
}

statements! {
    LIVES = "SELECT number FROM token WHERE id = $1";
    FIND = "SELECT token, sets FROM token_set WHERE token = (SELECT number FROM token WHERE id = $1)";
    PUT = "INSERT INTO token_set (token, sets) SELECT number, $2 FROM token WHERE id = $1 \
        ON CONFLICT (token) DO UPDATE SET sets = excluded.sets";
    REMOVE = "DELETE FROM token_set WHERE token = (SELECT number FROM token WHERE id = $1)";
    INSERT = "INSERT INTO set_change (token, at, include, \"from\", \"to\", added, removed, outcome) \
        SELECT number, $2, $3, $4, $5, $6, $7, $8 FROM token WHERE id = $1";
    /// The newest ones stay.
    TRIM = "DELETE FROM set_change WHERE number IN (SELECT number FROM set_change \
        WHERE token = (SELECT number FROM token WHERE id = $1) ORDER BY number DESC OFFSET $2)";
    LIST = "SELECT set_change.number, id, account, client, at, include, \"from\", \"to\", added, removed, outcome \
        FROM token JOIN set_change ON set_change.token = token.number WHERE account = $1 \
        ORDER BY at DESC, set_change.number DESC";
}
