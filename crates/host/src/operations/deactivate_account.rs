//! `com.atproto.server.deactivateAccount`.

use gatewright_protocol::syntax::{Datetime, Did};
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;

use crate::context::Context;
use crate::entryway::HostError;

/// Why an account was not put to rest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeactivateAccountError {
    /// The host behind this one that keeps its records did not do it; nothing was changed here.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts an account to rest: its repository is not shown, it writes nothing, and what applications were granted has
/// ended. Its password sessions go on, so that it can come back or be moved (SESS-19). One that was taken down rests
/// already and stays taken down.
///
/// `delete_after` is what the owner recommends, and is noted for the operator: nothing is deleted by itself.
pub async fn deactivate_account(
    context: &Context,
    caller: &Did,
    delete_after: Option<&Datetime>,
) -> Result<(), DeactivateAccountError> {
    let account = context.store.find_account(caller).await?.ok_or(DeactivateAccountError::NotFound)?;
    if let (AccountStatus::Active | AccountStatus::Deactivated, Some((entryway, host))) =
        (account.status, context.behind(&account)?)
    {
        entryway.set_deactivated(host, caller, true).await?;
    }
    let (from, to) = (AccountStatus::Active, AccountStatus::Deactivated);
    if context.store.change_account_status(caller, from, to).await? {
        let delete_after = delete_after.map(Datetime::as_str);
        tracing::info!(account.did = %caller, account.delete_after = delete_after, "account deactivated by its owner");
        return Ok(());
    }
    match context.store.find_account(caller).await? {
        Some(_) => Ok(()),
        None => Err(DeactivateAccountError::NotFound),
    }
}
