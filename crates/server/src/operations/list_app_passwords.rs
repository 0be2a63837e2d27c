//! The app passwords of an account (APP-4).

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::app_password::AppPassword;

use crate::context::Context;

/// Why they cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListAppPasswordsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The app passwords of an account that are good now, newest first.
///
/// # Errors
/// The store failed.
pub async fn list_app_passwords(
    ctx: &Context,
    account: &Did,
) -> Result<Vec<AppPassword>, ListAppPasswordsError> {
    let now = ctx.now();
    let mut listed = ctx.store.list_app_passwords(account).await?;
    listed.retain(|row| !row.is_over(now));
    Ok(listed)
}
