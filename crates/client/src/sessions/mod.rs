//! Where sessions are kept: one small trait, and its stores.
//!
//! A store keeps rows of sealed bytes under hashed names. It knows nothing of tokens, and learns none: what it is
//! given was sealed by a [`KeyRing`] before. Each method is one atomic step, also between processes that share the
//! store.
//!
//! | store | for | shared by processes |
//! |---|---|---|
//! | [`memory::Memory`] | tests, and programs that may forget | no |
//! | [`file::FolderStore`] | bots, desktop programs, command lines | on one machine |
//! | `sqlite::Sqlite` (feature `sqlite`) | the same, many sessions | on one machine |
//! | `postgres::Postgres` (feature `postgres`) | web applications | yes |
//! | `redis::Redis` (feature `redis`) | web applications | yes |
//!
//! # Leases
//!
//! Whoever changes a session takes its lease first. A lease has a number, its [`Fence`]; only the holder of the latest
//! one may write. A holder that was stopped in the middle loses the lease by time, and whatever it still tries to write
//! later is refused ([`Saved::Late`]). So there is no moment at which an older token can take the place of a newer one.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use gatewright_protocol::time::UnixTime;

#[cfg(feature = "contract")]
pub mod contract;
mod error;
pub mod file;
mod key_ring;
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
mod row;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use error::SessionStoreError;
pub use key_ring::{KeyRing, KeyRingError};
pub(crate) use row::Uses;
pub use row::{Allowance, Fence, Holder, Keep, Lease, RowKey, RowKind, Saved, Spent};

/// How long the name of a row that is gone is remembered, so that whoever was writing to it is refused.
pub(crate) const MEMORY_OF_THE_GONE: Duration = Duration::from_hours(24);

type Result<T> = std::result::Result<T, SessionStoreError>;

/// Keeps sealed rows. Every method is one atomic step; an error means that nothing was changed.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// What a row holds.
    async fn find(&self, key: &RowKey, now: UnixTime) -> Result<Option<Vec<u8>>>;

    /// Rows of one kind in the order of their names, beginning after `after`, at most `limit`.
    async fn list(
        &self,
        kind: RowKind,
        after: Option<&RowKey>,
        limit: usize,
        now: UnixTime,
    ) -> Result<Vec<(RowKey, Vec<u8>)>>;

    /// Makes a row, or takes the place of one. Every lease of it ends.
    async fn put(&self, key: &RowKey, keep: Keep<'_>, now: UnixTime) -> Result<()>;

    /// Asks for the lease of a row, whether there is a row or not. The holder of a lease that asks again renews it,
    /// under the same number. A lease whose time is over is nobody's.
    async fn lease(&self, key: &RowKey, holder: Holder, now: UnixTime, lasts: Duration) -> Result<Lease>;

    /// Writes under a lease: only if `fence` is the number of the row's latest lease. The lease stays.
    async fn save(&self, key: &RowKey, fence: Fence, keep: Keep<'_>, now: UnixTime) -> Result<Saved>;

    /// Gives a lease back before its time. A lease that is another's by now stays.
    async fn release(&self, key: &RowKey, fence: Fence) -> Result<()>;

    /// Removes a row, and ends every lease of it. Tells whether there was one.
    async fn delete(&self, key: &RowKey, now: UnixTime) -> Result<bool>;

    /// Keeps what is needed when a browser comes back from a sign-in (CL-5), unless `most` are kept already.
    ///
    /// # Errors
    /// [`Full`](SessionStoreError::Full), beside the failures of the store.
    async fn put_pending(
        &self,
        key: &[u8; 32],
        sealed: &[u8],
        now: UnixTime,
        until: UnixTime,
        most: u64,
    ) -> Result<()>;

    /// Takes it away again. Of any number of callers one gets it, and only before its time is over.
    async fn take_pending(&self, key: &[u8; 32], now: UnixTime) -> Result<Option<Vec<u8>>>;

    /// Counts one use under each of the allowances, if all of them have room.
    async fn spend(&self, key: &[u8; 32], now: UnixTime, allowances: &[Allowance]) -> Result<Spent>;

    /// Removes what has passed, at most about `limit` of it, and tells how much that was.
    async fn sweep(&self, now: UnixTime, limit: usize) -> Result<usize>;
}
