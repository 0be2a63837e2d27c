//! Consents: what an account allowed a client, so that it need not be asked again (AS-42).

use async_trait::async_trait;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::syntax::Did;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;
use crate::approved_set::ApprovedSet;

/// What an account last allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Whose account.
    pub account: Did,
    /// Which client.
    pub client: ClientId,
    /// Every scope approved so far, as it was asked for.
    pub approved: Scopes,
    /// Every scope asked for and not approved when it was last asked for.
    pub declined: Scopes,
    /// What was approved of the permission sets among them, when each was last asked for.
    pub sets: Vec<ApprovedSet>,
    /// When this was last decided.
    pub decided_at: UnixTime,
}

/// Consents. They are written by [`approve_request`](crate::request::RequestStore::approve_request).
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// What the account last allowed the client.
    async fn find_consent(&self, account: &Did, client: &ClientId) -> Result<Option<Consent>, StoreError>;
    /// Forgets it. False if there was none.
    async fn delete_consent(&self, account: &Did, client: &ClientId) -> Result<bool, StoreError>;
}
