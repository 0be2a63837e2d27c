//! Replay memory. It is shared: what one node has seen, no other takes.

use std::collections::BTreeMap;

use async_trait::async_trait;
use gatewright_protocol::crypto::sha256;
use gatewright_protocol::time::UnixTime;
use sqlx::PgPool;
use sqlx::postgres::PgRow;

use super::room::Kind;
use super::row::{Columns, all, one, params};
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
        let (kind, find, what) = match namespace {
            Namespace::Proof => (Kind::Proofs, FIND_PROOF, "proofs"),
            _ => (Kind::Assertions, FIND, "assertions"),
        };
        let Some(place) = self.take(kind).await? else {
            let params = params![key, now.millis()];
            let found = read!(self, connection => one(connection, find, params, |_| Ok(())).await)?;
            return if found.is_some() { Ok(false) } else { Err(full(what)) };
        };
        let seen = if namespace == Namespace::Proof {
            let pool = self.pool.clone();
            let used = Use { key, until, now };
            self.proofs.ask(used, move |uses| remember_proofs(pool.clone(), uses)).await?
        } else {
            let params = params![key, until.millis(), now.millis()];
            let is_new = |row: &PgRow| Columns::new("assertion", row).value::<bool>(0, "key");
            let is_new = read!(self, connection => one(connection, REMEMBER, params, is_new).await)?;
            is_new.map_or(Seen::Before, Seen::Now)
        };
        if seen == Seen::Now(true) {
            place.keep();
        }
        Ok(seen != Seen::Before)
    }
}

/// A proof that somebody uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    key: [u8; 32],
    until: UnixTime,
    now: UnixTime,
}

/// Whether a key was used before, or is now for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Before,
    /// Whether it has a row of its own, and not one whose time was over and that was not swept yet.
    Now(bool),
}

/// Remembers many proofs at once. Of two uses of one proof the first counts; and keys lie in their order, so that two nodes
/// do not wait for each other.
async fn remember_proofs(pool: PgPool, uses: Vec<Use>) -> Result<Vec<Seen>, StoreError> {
    let mut first: BTreeMap<[u8; 32], (usize, UnixTime)> = BTreeMap::new();
    for (at, used) in uses.iter().enumerate() {
        first.entry(used.key).or_insert((at, used.until));
    }
    // By the least of their clocks: a row is not taken for over too early.
    let now = uses.iter().map(|used| used.now).min().unwrap_or_default();
    let keys: Vec<[u8; 32]> = first.keys().copied().collect();
    let untils: Vec<i64> = first.values().map(|(_, until)| until.millis()).collect();
    let params = params![keys, untils, now.millis()];
    let mut connection = pool.acquire().await?;
    let remembered = all(&mut connection, REMEMBER_PROOFS, params, |row: &PgRow| {
        let columns = Columns::new("proof", row);
        Ok((columns.value::<[u8; 32]>(0, "key")?, columns.value::<bool>(1, "until")?))
    });
    let mut seen = vec![Seen::Before; uses.len()];
    for (key, is_new) in remembered.await? {
        if let Some(seen) = first.get(&key).and_then(|(at, _)| seen.get_mut(*at)) {
            *seen = Seen::Now(is_new);
        }
    }
    Ok(seen)
}

/// All but proofs share the table of assertions; so that the same bytes are two uses, they are other bytes there.
fn labelled(label: &[u8], key: [u8; 32]) -> [u8; 32] {
    sha256(&[label, key.as_slice()].concat())
}

statements! {
    /// Nothing comes back where the key may not be used again; else whether its row is a new one. One statement: of two nodes,
    /// one gets the row.
    REMEMBER = "INSERT INTO assertion AS row (key, until) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE \
        SET until = excluded.until WHERE row.until <= $3 RETURNING xmax = 0";
    /// The same for many.
    REMEMBER_PROOFS = "INSERT INTO proof AS row (key, until) SELECT * FROM unnest($1::bytea[], $2::bigint[]) \
        ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE row.until <= $3 RETURNING key, xmax = 0";
    FIND = "SELECT 1 FROM assertion WHERE key = $1 AND until > $2";
    FIND_PROOF = "SELECT 1 FROM proof WHERE key = $1 AND until > $2";
}
