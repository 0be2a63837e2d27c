//! Changes of permission sets: what the sets of a session give, and the record of how that changed (PS-23).

use async_trait::async_trait;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::approved_set::ApprovedSet;
use crate::token::TokenId;

/// Another version of a set gave a session something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetChange {
    /// Of which session.
    pub token: TokenId,
    /// Whose session.
    pub account: Did,
    /// Which client's.
    pub client: ClientId,
    /// When it was noticed, or decided.
    pub at: UnixTime,
    /// The `include:` in normal form.
    pub include: String,
    /// The version before: the CID of its record.
    pub from: String,
    /// The version after.
    pub to: String,
    /// What the later version gives and the session did not have.
    pub added: Scopes,
    /// What the session had and the later version does not give. Gone at once, whatever became of `added`.
    pub removed: Scopes,
    /// What became of `added`.
    pub outcome: SetOutcome,
}

/// What became of what a set gives more than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOutcome {
    /// The session has it.
    Applied,
    /// It was held, and the account approved it later: the session has it from its next refresh.
    Approved,
    /// The session does not have it until the account approves it.
    Held,
}

/// Of one session this many changes are kept, the newest ones.
pub const MOST_CHANGES: usize = 100;

/// New values for the sets of a session, in the place of the ones they were made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplaceSets {
    /// What the sets were when the new values were made.
    pub before: Vec<ApprovedSet>,
    /// What they are to be.
    pub after: Vec<ApprovedSet>,
    /// What is to be noted of it.
    pub changes: Vec<SetChange>,
}

/// The sets of sessions, and their changes. Both end with their session. A rotation changes them in its own step: see
/// [`RotateToken`](crate::token::RotateToken).
#[async_trait]
pub trait SetChangeStore: Send + Sync {
    /// What a session has of the sets it was approved with; nothing for one without sets, or that ended.
    async fn find_sets(&self, token: TokenId) -> Result<Vec<ApprovedSet>, StoreError>;
    /// Replaces the sets of a session and notes the changes, both or neither. False if the sets are not
    /// [`before`](ReplaceSets::before) any more, or the session ended: nothing was changed then.
    async fn replace_sets(&self, token: TokenId, sets: ReplaceSets) -> Result<bool, StoreError>;
    /// The changes in all sessions of an account, newest first.
    async fn list_set_changes(&self, account: &Did) -> Result<Vec<SetChange>, StoreError>;
}
