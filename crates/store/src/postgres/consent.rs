//! Consents.

use async_trait::async_trait;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::syntax::Did;
use sqlx::postgres::PgRow;

use super::account::own;
use super::row::{Columns, one, params};
use super::set_change::{sets, sets_column};
use super::token::client;
use super::writer::{Write, atomic};
use super::{Postgres, read, statements};
use crate::StoreError;
use crate::consent::{Consent, ConsentStore};

#[async_trait]
impl ConsentStore for Postgres {
    async fn find_consent(&self, account: &Did, client: &ClientId) -> Result<Option<Consent>, StoreError> {
        read!(self, connection => one(connection, FIND, params![account.as_str(), client.as_str()], read).await)
    }

    async fn delete_consent(&self, account: &Did, client: &ClientId) -> Result<bool, StoreError> {
        atomic!(self, write => Ok(write.execute(DELETE, params![account.as_str(), client.as_str()]).await? > 0))
    }
}

/// Keeps a consent in place of the one before.
pub(super) async fn put(write: &mut Write, consent: &Consent) -> Result<(), StoreError> {
    own(write, &consent.account).await?;
    let params = params![
        consent.account.as_str(),
        consent.client.as_str(),
        consent.approved.as_str(),
        consent.declined.as_str(),
        consent.decided_at.millis(),
        sets_column(&consent.sets)?
    ];
    write.execute(PUT, params).await.map(drop)
}

fn read(row: &PgRow) -> Result<Consent, StoreError> {
    let columns = Columns::new("consent", row);
    Ok(Consent {
        account: columns.parse(0, "account")?,
        client: client(&columns, 1)?,
        approved: columns.parse(2, "approved")?,
        declined: columns.parse(3, "declined")?,
        decided_at: columns.time(4, "decided_at")?,
        sets: sets(&columns, 5)?,
    })
}

statements! {
    FIND = "SELECT account, client, approved, declined, decided_at, sets FROM consent \
        WHERE account = $1 AND client = $2";
    PUT = "INSERT INTO consent (account, client, approved, declined, decided_at, sets) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account, client) DO UPDATE SET approved = excluded.approved, \
        declined = excluded.declined, decided_at = excluded.decided_at, sets = excluded.sets";
    DELETE = "DELETE FROM consent WHERE account = $1 AND client = $2";
}
