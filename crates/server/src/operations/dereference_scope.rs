//! The scope that an access token names (AS-67).

use gatewright_protocol::scope::{REFERENCE, Scopes};
use gatewright_store::StoreError;

use crate::context::Context;

/// Why there is no scope to tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DereferenceScopeError {
    /// It is no reference, or that of no token that can be alive.
    #[error("`scope` is not the reference of a scope that an access token of this server names")]
    Unknown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The scope behind a reference, for a host behind this entryway. Whoever knows the reference has seen the token.
///
/// # Errors
/// There is none, or the store failed.
pub async fn dereference_scope(ctx: &Context, reference: &str) -> Result<Scopes, DereferenceScopeError> {
    if !reference.starts_with(REFERENCE) {
        return Err(DereferenceScopeError::Unknown);
    }
    ctx.store.find_scope(reference, ctx.now()).await?.ok_or(DereferenceScopeError::Unknown)
}
