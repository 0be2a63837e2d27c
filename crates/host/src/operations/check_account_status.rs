//! `com.atproto.server.checkAccountStatus`.

use cid::Cid;
use gatewright_protocol::syntax::{Did, Tid};
use gatewright_store::StoreError;
use gatewright_store::account::AccountStatus;
use gatewright_store::repo::RepoCounts;

use super::check_identity::{IdentityFault, check_identity};
use crate::context::Context;
use crate::repo::desk::WriteError;

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckAccountStatusError {
    /// The account has no repository, and none can be made.
    #[error("the account has no repository")]
    Repo(#[from] WriteError),
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far an account is that moves here, or is about to be activated.
#[derive(Clone, Debug)]
pub struct AccountProgress {
    /// Whether it may act.
    pub active: bool,
    /// Whether its DID leads here.
    pub identity_leads_here: bool,
    /// The commit of its repository.
    pub commit: Cid,
    /// Its revision.
    pub rev: Tid,
    /// How much there is.
    pub counts: RepoCounts,
    /// How many preferences there are.
    pub preferences: usize,
}

/// How far an account is: what is here, and whether its DID leads here.
pub async fn check_account_status(
    context: &Context,
    caller: &Did,
) -> Result<AccountProgress, CheckAccountStatusError> {
    let account = context.store.find_account(caller).await?.ok_or(CheckAccountStatusError::NotFound)?;
    let head = if let Some(head) = context.store.find_repo(caller).await? {
        head
    } else {
        // A write of nothing makes the first commit of an account that has a key and no repository.
        let rev = context.next_tid();
        context.desks.write(context.means(&rev), caller, &[], None).await?;
        context.store.find_repo(caller).await?.ok_or(WriteError::NoRepo)?
    };
    let identity_leads_here = match check_identity(context, &account).await {
        Ok(()) => true,
        Err(IdentityFault::Store(error)) => return Err(error.into()),
        Err(_) => false,
    };
    Ok(AccountProgress {
        active: account.status == AccountStatus::Active,
        identity_leads_here,
        commit: head.commit,
        rev: head.rev,
        counts: context.store.count_repo(caller).await?,
        preferences: context.store.list_preferences(caller).await?.len(),
    })
}
