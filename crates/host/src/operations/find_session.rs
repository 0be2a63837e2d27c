//! `com.atproto.server.getSession`.

use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::account::Account;
use gatewright_store::factor::FactorKind;

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

/// The account of a session.
#[derive(Debug)]
pub struct FoundSession {
    /// The account.
    pub account: Account,
    /// Its DID document.
    pub document: Option<AccountDocument>,
    /// Whether it gets codes by mail when it signs in.
    pub has_email_factor: bool,
}

/// What there is to tell of the account that a token is of.
pub async fn find_session(context: &Context, caller: &Did) -> Result<FoundSession, FindSessionError> {
    let account = context.store.find_account(caller).await?.ok_or(FindSessionError::NotFound)?;
    let document = describe_account(context, &account).await?;
    let factors = context.store.list_factors(caller).await?;
    let has_email_factor = factors.iter().any(|factor| factor.kind == FactorKind::Email);
    Ok(FoundSession { account, document, has_email_factor })
}
