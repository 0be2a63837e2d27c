//! Replay memory. It is shared: what one node has seen, no other takes.

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::time::UnixTime;
use sqlx::postgres::PgRow;

use super::room::Kind;
use super::row::{Columns, one, params};
use super::{Postgres, full, read, statements};
use crate::StoreError;
use crate::replay::{Namespace, ReplayStore};

#[async_trait]
impl ReplayStore for Postgres {
    async fn remember(
        &self,
        namespace: Namespace,
        key: [u8; 32],
        until: UnixTime,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let key = match namespace {
            Namespace::Proof | Namespace::Assertion => key,
            Namespace::PasskeyQuestion => labelled(b"passkey question", key),
            Namespace::ServiceToken => labelled(b"service token", key),
        };
        let (kind, sql, find, what) = match namespace {
            Namespace::Proof => (Kind::Proofs, REMEMBER_PROOF, FIND_PROOF, "proofs"),
            _ => (Kind::Assertions, REMEMBER, FIND, "assertions"),
        };
        let Some(place) = self.take(kind).await? else {
            let params = params![key, now.millis()];
            let found = read!(self, connection => one(connection, find, params, |_| Ok(())).await)?;
            return if found.is_some() { Ok(false) } else { Err(full(what)) };
        };
        let params = params![key, until.millis(), now.millis()];
        let is_new = |row: &PgRow| Columns::new("assertion", row).value::<bool>(0, "key");
        let remembered = read!(self, connection => one(connection, sql, params, is_new).await)?;
        if remembered == Some(true) {
            place.keep();
        }
        Ok(remembered.is_some())
    }
}

/// All but proofs share the table of assertions; so that the same bytes are two uses, they are other bytes there.
fn labelled(label: &[u8], key: [u8; 32]) -> [u8; 32] {
    sha256(&[label, key.as_slice()].concat())
}

/// Nothing comes back where the key may not be used again; else whether its row is a new one, and not one whose time was
/// over and that was not swept yet. One statement: of two nodes, one gets the row.
macro_rules! remember {
    ($table:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " AS row (key, until) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE \
             SET until = excluded.until WHERE row.until <= $3 RETURNING xmax = 0"
        )
    };
}

statements! {
    REMEMBER = remember!("assertion");
    REMEMBER_PROOF = remember!("proof");
    FIND = "SELECT 1 FROM assertion WHERE key = $1 AND until > $2";
    FIND_PROOF = "SELECT 1 FROM proof WHERE key = $1 AND until > $2";
}
