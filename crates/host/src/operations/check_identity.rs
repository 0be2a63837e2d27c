//! Whether what a DID publishes leads to this host, as everybody else will check it.

use gatewright_protocol::crypto::PublicKey;
use gatewright_store::StoreError;
use gatewright_store::account::Account;

use crate::context::Context;

/// What is wrong with the document of a DID.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityFault {
    /// It names another host for the account, or none.
    #[error("the DID document does not name this host for the account")]
    Host,
    /// It names another signing key than the one that is kept here, or none.
    #[error("the DID document does not name the signing key that this host keeps for the account")]
    Key,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no document, or it cannot be fetched now.
    #[error("the DID document cannot be fetched")]
    Unresolvable,
}

/// Checks the document that the account's DID publishes at this moment: it must name this host, and the key that is kept
/// here; or the host behind this one, which knows the key.
pub async fn check_identity(context: &Context, account: &Account) -> Result<(), IdentityFault> {
    let document = context.identities.document(&account.did).await.ok_or(IdentityFault::Unresolvable)?;
    let behind = context.behind(account).map_err(|_| IdentityFault::Host)?.map(|(_, host)| host.origin());
    let is_behind = behind.is_some();
    if document.pds(context.settings.development) != Some(behind.unwrap_or_else(|| context.settings.origin()))
    {
        return Err(IdentityFault::Host);
    }
    if is_behind {
        return Ok(());
    }
    let kept = context.multikey(&account.did).await?.ok_or(IdentityFault::Key)?;
    let published = document.signing_key().as_ref().map(PublicKey::to_multikey);
    if published.as_deref() == Some(&*kept) { Ok(()) } else { Err(IdentityFault::Key) }
}
