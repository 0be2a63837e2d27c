//! Ends a password session because its holder says so (SESS-11).

use gatewright_protocol::legacy::RefreshClaims;
use gatewright_store::StoreError;

use crate::context::Context;

/// Why nothing was ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteSessionError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends the session of a refresh token, be it used or late, with all that came from it. One that has ended is as well.
///
/// # Errors
/// The store failed.
pub async fn delete_session(ctx: &Context, claims: &RefreshClaims) -> Result<(), DeleteSessionError> {
    ctx.store.end_legacy_session(claims.session).await?;
    Ok(())
}
