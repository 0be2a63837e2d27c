//! Lexicons that were resolved: each version once it came into force here, and which one is in force (PS-15 … PS-18).
//!
//! Kept by name, and shared by all accounts and nodes. What was in force at a time has an answer for as long as the
//! version is kept.

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, Tid};
use gatewright_protocol::time::UnixTime;

use crate::StoreError;

/// How many versions of one lexicon are kept; the oldest goes first, and the one in force never.
pub const MOST_VERSIONS: usize = 64;
/// For how many authorities of one lexicon the newest revision is remembered; the one that was seen longest ago goes
/// first.
pub const MOST_AUTHORITIES: usize = 16;

/// One version of a lexicon, as it was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexiconVersion {
    /// The name of the lexicon.
    pub nsid: Nsid,
    /// The account that publishes it.
    pub did: Did,
    /// The address of its record: names the version.
    pub cid: Cid,
    /// The revision of the repository that it was first read from.
    pub rev: Tid,
    /// The document, as JSON.
    pub document: Bytes,
    /// When it was first read, and came into force here.
    pub resolved_at: UnixTime,
}

/// The version that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentLexicon {
    /// The version.
    pub version: LexiconVersion,
    /// When it was last seen to be what its author publishes.
    pub checked_at: UnixTime,
}

/// What became of a version that was resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexiconKept {
    /// It is in force now.
    New,
    /// It is older than what was seen of this authority before, or another thing of the same age: nothing was changed
    /// (PS-15, SEC-60).
    RolledBack,
    /// It was in force already; it is noted that it was seen.
    Unchanged,
}

/// Lexicons that were resolved.
#[async_trait]
pub trait LexiconStore: Send + Sync {
    /// The version in force.
    async fn find_lexicon(&self, nsid: &Nsid) -> Result<Option<CurrentLexicon>, StoreError>;
    /// Keeps what was resolved just now, `resolved_at`. It comes into force unless a newer revision of the same
    /// authority's was seen before. When there is no room for another version of any lexicon, the oldest of this one
    /// makes room; if it has none, [`StoreError::Full`].
    async fn keep_lexicon(&self, resolved: LexiconVersion) -> Result<LexiconKept, StoreError>;
    /// The version that was in force at `time`; `None` if there was none, or if it is not kept any more.
    async fn find_lexicon_at(
        &self,
        nsid: &Nsid,
        time: UnixTime,
    ) -> Result<Option<LexiconVersion>, StoreError>;
    /// Up to `limit` versions, the one that came into force last first.
    async fn list_lexicon_versions(
        &self,
        nsid: &Nsid,
        limit: usize,
    ) -> Result<Vec<LexiconVersion>, StoreError>;
}
