//! The security log of an account, for its owner (SEC-71).

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::security_event::SecurityEvent;

use crate::context::Context;

/// Why it cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListSecurityEventsError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What happened to an account and is kept, newest first.
///
/// # Errors
/// The store failed.
pub async fn list_security_events(
    ctx: &Context,
    account: &Did,
) -> Result<Vec<SecurityEvent>, ListSecurityEventsError> {
    Ok(ctx.store.list_security_events(account).await?)
}
