//! Where the server learns what a published permission set holds: a resolver that checks proofs in a server, a table in
//! tests.

use std::sync::Arc;

use async_trait::async_trait;
use gatewright_protocol::permission_set::PermissionSet;
use gatewright_protocol::syntax::Nsid;
use gatewright_protocol::time::UnixTime;

/// Finds permission sets by their names.
#[async_trait]
pub trait PermissionSets: Send + Sync {
    /// The newest version of the set that is known and good enough for `purpose`, asked for again where it is stale.
    ///
    /// # Errors
    /// No version is good enough (PS-19), or something of ours failed.
    async fn find(&self, nsid: &Nsid, purpose: Purpose) -> Result<Arc<KnownSet>, FindSetError>;
}

/// What a set is needed for (PS-17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A session that is to begin: a set that could not be asked for again for 90 days is no good.
    NewSession,
    /// A session that exists goes on with the last version that is known, however old.
    RunningSession,
}

/// One version of a set, its proof checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSet {
    /// What it is called and what it holds.
    pub set: PermissionSet,
    /// The CID of its record: names this very version.
    pub cid: String,
    /// The revision of the repository that it was read from.
    pub rev: String,
    /// When it was read.
    pub resolved_at: UnixTime,
}

/// Why there is no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindSetError {
    /// Something of ours failed: nothing is said about the set.
    #[error("{0}")]
    Ours(String),
    /// It does not resolve, and no version of it is good enough.
    #[error("the permission set `{nsid}` cannot be resolved: {why}")]
    Unresolved {
        /// The set.
        nsid: Nsid,
        /// Why, for the developer of the client or the author of the set.
        why: String,
    },
}

/// Where nothing was given to find sets with: none resolves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoSets;

#[async_trait]
impl PermissionSets for NoSets {
    async fn find(&self, nsid: &Nsid, _: Purpose) -> Result<Arc<KnownSet>, FindSetError> {
        let why = "this server does not resolve permission sets".to_owned();
        Err(FindSetError::Unresolved { nsid: nsid.clone(), why })
    }
}
