//! The sets of sessions, and their changes.

use async_trait::async_trait;
use gatewright_protocol::syntax::Did;
use rusqlite::{Connection, Row, params};

use super::row::{Columns, all, one};
use super::token::client;
use super::writer::Write;
use super::{Sqlite, failed, statements};
use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::set_change::{MOST_CHANGES, ReplaceSets, SetChange, SetChangeStore, SetOutcome};
use crate::token::TokenId;

#[async_trait]
impl SetChangeStore for Sqlite {
    async fn find_sets(&self, token: TokenId) -> Result<Vec<ApprovedSet>, StoreError> {
        self.point(|connection| find(connection, token)).await
    }

    async fn replace_sets(&self, token: TokenId, sets: ReplaceSets) -> Result<bool, StoreError> {
        let step = move |write: &mut Write<'_>| {
            let lives = one(write.connection, LIVES, [token.0], |_| Ok(()))?.is_some();
            if !lives || find(write.connection, token)? != sets.before {
                return Ok(false);
            }
            put(write, token, &sets.after)?;
            note(write, token, &sets.changes)?;
            Ok(true)
        };
        self.write(step).await
    }

    async fn list_set_changes(&self, account: &Did) -> Result<Vec<SetChange>, StoreError> {
        let account = account.clone();
        self.scan(move |connection| all(connection, LIST, [account.as_str()], read)).await
    }
}

/// The sets of a session, as the file has them.
pub(super) fn find(connection: &Connection, token: TokenId) -> Result<Vec<ApprovedSet>, StoreError> {
    let found = one(connection, FIND, [token.0], |row| sets(&Columns::new("token_set", row), 1))?;
    Ok(found.unwrap_or_default())
}

/// Keeps the sets of a session.
pub(super) fn put(write: &Write<'_>, token: TokenId, sets: &[ApprovedSet]) -> Result<(), StoreError> {
    match sets_column(sets)? {
        Some(sets) => write.execute(PUT, params![token.0, sets]).map(drop),
        None => write.execute(REMOVE, [token.0]).map(drop),
    }
}

/// Notes changes of a session's sets, and forgets the oldest ones of too many.
pub(super) fn note(write: &Write<'_>, token: TokenId, changes: &[SetChange]) -> Result<(), StoreError> {
    for change in changes {
        write.execute(
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
        )?;
    }
    if !changes.is_empty() {
        write.execute(TRIM, params![token.0, i64::try_from(MOST_CHANGES).unwrap_or(i64::MAX)])?;
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
pub(super) fn sets(columns: &Columns<'_, '_>, at: usize) -> Result<Vec<ApprovedSet>, StoreError> {
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

fn read(row: &Row<'_>) -> Result<SetChange, StoreError> {
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
    LIVES = "SELECT number FROM token WHERE id = ?1";
    FIND = "SELECT token, sets FROM token_set WHERE token = (SELECT number FROM token WHERE id = ?1)";
    PUT = "INSERT INTO token_set (token, sets) SELECT number, ?2 FROM token WHERE id = ?1 \
        ON CONFLICT DO UPDATE SET sets = excluded.sets";
    REMOVE = "DELETE FROM token_set WHERE token = (SELECT number FROM token WHERE id = ?1)";
    INSERT = "INSERT INTO set_change (token, at, include, \"from\", \"to\", added, removed, outcome) \
        SELECT number, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM token WHERE id = ?1";
    /// The newest ones stay.
    TRIM = "DELETE FROM set_change WHERE number IN (SELECT number FROM set_change \
        WHERE token = (SELECT number FROM token WHERE id = ?1) ORDER BY number DESC LIMIT -1 OFFSET ?2)";
    LIST = "SELECT set_change.number, id, account, client, at, include, \"from\", \"to\", added, removed, outcome \
        FROM token JOIN set_change ON set_change.token = token.number WHERE account = ?1 \
        ORDER BY at DESC, set_change.number DESC";
}
