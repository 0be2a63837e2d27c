//! `app.bsky.actor.getProfile`, for the accounts of this host: libraries of today ask for it as soon as they signed in.

use cid::Cid;
use gatewright_protocol::syntax::{Did, Nsid, RecordKey};
use gatewright_store::StoreError;
use gatewright_store::account::{Account, AccountStatus};
use ipld_core::ipld::Ipld;

use super::access::{Identifier, find};
use crate::context::Context;
use crate::repo::value::from_block;

/// Who an account says it is.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The account.
    pub account: Account,
    /// What it calls itself.
    pub display_name: Option<String>,
    /// What it says of itself.
    pub description: Option<String>,
    /// The picture of it.
    pub avatar: Option<Cid>,
    /// The picture behind that.
    pub banner: Option<Cid>,
}

/// Why no profile is shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindProfileError {
    /// Its owner put the account to rest.
    #[error("the account is deactivated")]
    Deactivated,
    /// The account is not one of this host.
    #[error("no service is configured here that knows accounts of other hosts")]
    Elsewhere,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator took the account down.
    #[error("the account was taken down")]
    TakenDown,
}

/// The profile of an account of this host, from the record that it keeps about itself.
pub async fn find_profile(
    context: &Context,
    caller: &Did,
    actor: &Identifier,
) -> Result<Profile, FindProfileError> {
    let account = find(context, actor).await?.ok_or(FindProfileError::Elsewhere)?;
    if account.did != *caller {
        match account.status {
            AccountStatus::Active => {}
            AccountStatus::Deactivated => return Err(FindProfileError::Deactivated),
            AccountStatus::TakenDown => return Err(FindProfileError::TakenDown),
        }
    }
    let (collection, key) = place();
    let record = context.store.find_record(&account.did, &collection, &key).await?;
    let fields = match record.and_then(|record| from_block(&record.value)) {
        Some(Ipld::Map(fields)) => fields,
        _ => std::collections::BTreeMap::new(),
    };
    let text = |name: &str| match fields.get(name) {
        Some(Ipld::String(text)) => Some(text.clone()),
        _ => None,
    };
    let picture = |name: &str| match fields.get(name) {
        Some(Ipld::Map(blob)) => match blob.get("ref") {
            Some(Ipld::Link(cid)) => Some(*cid),
            _ => None,
        },
        _ => None,
    };
    Ok(Profile {
        display_name: text("displayName"),
        description: text("description"),
        avatar: picture("avatar"),
        banner: picture("banner"),
        account,
    })
}

/// Where an account keeps the record about itself.
fn place() -> (Nsid, RecordKey) {
    let collection = "app.bsky.actor.profile".parse().expect("it is an NSID");
    (collection, "self".parse().expect("it is a record key"))
}
