//! Forgets a second factor.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::factor::FactorId;
use gatewright_store::security_event::{SecurityEvent, SecurityEventKind};

use super::note_event::note_event;
use crate::context::Context;

/// Why a factor was not forgotten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoveFactorError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Forgets a second factor of an account; with the last one, its recovery codes too. False if there was none of this
/// name: it is as gone as its owner wants it.
///
/// # Errors
/// The store failed.
pub async fn remove_factor(ctx: &Context, account: &Did, id: FactorId) -> Result<bool, RemoveFactorError> {
    let removed = ctx.store.delete_factor(account, id).await?;
    if removed {
        tracing::info!(account.did = %account, "second factor removed");
        let event = SecurityEvent::new(account.clone(), SecurityEventKind::FactorRemoved, ctx.now());
        note_event(ctx, event).await;
    }
    Ok(removed)
}
