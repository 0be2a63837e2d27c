//! `com.atproto.sync.getRepoStatus`.

use gatewright_protocol::syntax::{Did, Tid};
use gatewright_store::account::AccountStatus;

use super::access::ReadError;
use crate::context::Context;

/// Whether the account of a repository may act, and, if so, the revision of the repository.
pub async fn repo_status(context: &Context, did: &Did) -> Result<(AccountStatus, Option<Tid>), ReadError> {
    let account = context.store.find_account(did).await?.ok_or(ReadError::NotFound)?;
    let rev = match account.status {
        AccountStatus::Active => context.store.find_repo(did).await?.map(|head| head.rev),
        AccountStatus::Deactivated | AccountStatus::TakenDown => None,
    };
    Ok((account.status, rev))
}
