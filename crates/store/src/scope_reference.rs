//! Scopes that stand in access tokens by reference (AS-67).

use async_trait::async_trait;
use gatewright_protocol::scope::Scopes;
use gatewright_protocol::time::UnixTime;

use crate::StoreError;

/// A scope by its name, which is made of the scope itself: one name, one scope, whoever keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeReference {
    /// What the tokens say.
    pub name: String,
    /// What it stands for.
    pub scope: Scopes,
    /// When the last token that says so ends.
    pub until: UnixTime,
}

/// Scopes by reference.
#[async_trait]
pub trait ScopeReferenceStore: Send + Sync {
    /// Keeps a scope at least until its time. One that is kept longer already stays so.
    async fn keep_scope(&self, reference: ScopeReference) -> Result<(), StoreError>;
    /// The scope of this name, if a token that says so can be alive.
    async fn find_scope(&self, name: &str, now: UnixTime) -> Result<Option<Scopes>, StoreError>;
}
