//! `com.atproto.identity.resolveHandle`.

use gatewright_protocol::syntax::{Did, Handle};
use gatewright_resolve::Peer;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;

use crate::context::Context;

/// Why a handle has no DID.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveHandleError {
    /// Nobody knows it.
    #[error("the handle does not resolve")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The DID of a handle: of one's own accounts first, then by DNS and HTTPS on behalf of `peer`.
pub async fn resolve_handle(
    context: &Context,
    handle: &Handle,
    peer: Option<Peer>,
) -> Result<Did, ResolveHandleError> {
    if let Some(did) = own_handle(context, handle).await? {
        return Ok(did);
    }
    // Only the host itself gives these away: nobody else need be asked.
    if context.settings.owns_domain_of(handle) || handle.is_reserved(context.settings.development) {
        return Err(ResolveHandleError::NotFound);
    }
    context.identities.resolve(handle, peer).await.ok_or(ResolveHandleError::NotFound)
}

/// The DID of an account of this host that has the handle and was not taken down (ID-27).
pub(crate) async fn own_handle(context: &Context, handle: &Handle) -> Result<Option<Did>, StoreError> {
    let account = context.store.find_account_by_handle(handle).await?;
    Ok(account.filter(|account| account.status != AccountStatus::TakenDown).map(|account| account.did))
}
