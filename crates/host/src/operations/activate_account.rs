//! `com.atproto.server.activateAccount`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;

use super::check_identity::{IdentityFault, check_identity};
use crate::context::Context;
use crate::entryway::HostError;

/// Why an account stays at rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActivateAccountError {
    /// What its DID publishes does not lead here: two hosts would speak for it.
    #[error("the account cannot be activated: {0}")]
    Identity(#[from] IdentityFault),
    /// The host behind this one that keeps its records did not do it; nothing was changed here.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator took it down; that is not for its owner to change.
    #[error("the account was taken down")]
    TakenDown,
}

/// Lets an account act again that its owner put to rest, if its DID leads to this host with the key that is kept here.
/// An active account stays as it is.
pub async fn activate_account(context: &Context, caller: &Did) -> Result<(), ActivateAccountError> {
    let account = context.store.find_account(caller).await?.ok_or(ActivateAccountError::NotFound)?;
    match account.status {
        AccountStatus::Active => return Ok(()),
        AccountStatus::Deactivated => {}
        AccountStatus::TakenDown => return Err(ActivateAccountError::TakenDown),
    }
    check_identity(context, &account).await?;
    if let Some((entryway, host)) = context.behind(&account)? {
        entryway.set_deactivated(host, caller, false).await?;
    }
    let (from, to) = (AccountStatus::Deactivated, AccountStatus::Active);
    if context.store.change_account_status(caller, from, to).await? {
        tracing::info!(account.did = %caller, "account activated by its owner");
        return Ok(());
    }
    match context.store.find_account(caller).await?.map(|account| account.status) {
        Some(AccountStatus::Active) => Ok(()),
        Some(_) => Err(ActivateAccountError::TakenDown),
        None => Err(ActivateAccountError::NotFound),
    }
}
