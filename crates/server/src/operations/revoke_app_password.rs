//! Ends an app password (APP-5).

use gatewright_protocol::app_password::AppPasswordName;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;

use crate::context::Context;

/// Why it was not ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeAppPasswordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends an app password and, at once, everything that came from it. False if there was none of this name.
///
/// # Errors
/// The store failed.
pub async fn revoke_app_password(
    ctx: &Context,
    account: &Did,
    name: &AppPasswordName,
) -> Result<bool, RevokeAppPasswordError> {
    let revoked = ctx.store.revoke_app_password(account, name).await?;
    if revoked {
        tracing::info!(account.did = %account, "app password revoked");
    }
    Ok(revoked)
}
