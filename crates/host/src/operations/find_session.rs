//! `com.atproto.server.getSession`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::account::Account;

use super::describe_account::describe_account;
use crate::context::Context;
use crate::identity::AccountDocument;

/// Why there is no session to show.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindSessionError {
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account that a token is of, and its DID document.
pub async fn find_session(
    context: &Context,
    caller: &Did,
) -> Result<(Account, Option<AccountDocument>), FindSessionError> {
    let account = context.store.find_account(caller).await?.ok_or(FindSessionError::NotFound)?;
    let document = describe_account(context, &account).await?;
    Ok((account, document))
}
