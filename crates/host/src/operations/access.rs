//! Whose repository is meant, and whether it may be read or written to.

use std::str::FromStr;

use gatewright_protocol::syntax::{Did, Handle, SyntaxError};
use gatewright_store::StoreError;
use gatewright_store::account::{Account, AccountStatus};

use crate::context::Context;

/// An account as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// By its DID.
    Did(Did),
    /// By its handle.
    Handle(Handle),
}

impl FromStr for Identifier {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        if text.starts_with("did:") { text.parse().map(Self::Did) } else { text.parse().map(Self::Handle) }
    }
}

impl<'de> serde::Deserialize<'de> for Identifier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Who wants to read.
#[derive(Clone, Copy, Debug)]
pub enum Viewer<'a> {
    /// The owner of an account, or an application of theirs.
    Account(&'a Did),
    /// Somebody.
    Anybody,
    /// The operator, who sees everything.
    Operator,
}

/// Why a repository cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Its owner put it to rest.
    #[error("the repository is deactivated")]
    Deactivated,
    /// It is not here.
    #[error("there is no such repository here")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator took it down.
    #[error("the repository was taken down")]
    TakenDown,
}

/// Why a repository cannot be written to (RS-7).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Its owner put it to rest.
    #[error("the account is deactivated")]
    Deactivated,
    /// Another host keeps its records.
    #[error("the records of the account are kept by {0}: call the host that its DID document names")]
    Elsewhere(Did),
    /// The token is of an account that is not here any more.
    #[error("there is no such account here")]
    NotFound,
    /// It is another account's.
    #[error("`repo` must be the account that the token is of")]
    NotYours,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator took it down.
    #[error("the account was taken down")]
    TakenDown,
}

/// The account of a DID or handle, if it is here.
pub async fn find(context: &Context, identifier: &Identifier) -> Result<Option<Account>, StoreError> {
    match identifier {
        Identifier::Did(did) => context.store.find_account(did).await,
        Identifier::Handle(handle) => context.store.find_account_by_handle(handle).await,
    }
}

/// The account whose repository is to be read; one that may not act is shown only to itself and the operator.
pub async fn readable(
    context: &Context,
    repo: &Identifier,
    viewer: Viewer<'_>,
) -> Result<Account, ReadError> {
    let account = find(context, repo).await?.filter(|account| account.host.is_none());
    let account = account.ok_or(ReadError::NotFound)?;
    match (account.status, viewer) {
        (_, Viewer::Operator) => return Ok(account),
        (_, Viewer::Account(did)) if *did == account.did => return Ok(account),
        _ => {}
    }
    match account.status {
        AccountStatus::Active => Ok(account),
        AccountStatus::Deactivated => Err(ReadError::Deactivated),
        AccountStatus::TakenDown => Err(ReadError::TakenDown),
    }
}

/// The account of the caller, which must be active and, where a repository is named, that repository's.
pub async fn writable(
    context: &Context,
    caller: &Did,
    repo: Option<&Identifier>,
) -> Result<Account, AccessError> {
    let account = context.store.find_account(caller).await?.ok_or(AccessError::NotFound)?;
    match repo {
        Some(Identifier::Did(did)) if *did != account.did => return Err(AccessError::NotYours),
        Some(Identifier::Handle(handle)) if *handle != account.handle => return Err(AccessError::NotYours),
        _ => {}
    }
    if let Some(host) = &account.host {
        return Err(AccessError::Elsewhere(host.clone()));
    }
    match account.status {
        AccountStatus::Active => Ok(account),
        AccountStatus::Deactivated => Err(AccessError::Deactivated),
        AccountStatus::TakenDown => Err(AccessError::TakenDown),
    }
}
