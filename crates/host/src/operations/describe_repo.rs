//! `com.atproto.repo.describeRepo`.

use gatewright_protocol::syntax::Nsid;
use gatewright_resolve::Peer;
use gatewright_store::account::Account;

use super::access::{Identifier, ReadError, Viewer, readable};
use super::describe_account::describe_account;
use super::resolve_handle::resolve_handle;
use crate::context::Context;
use crate::identity::AccountDocument;

/// What a repository is.
#[derive(Clone, Debug)]
pub struct RepoDescription {
    /// Whose.
    pub account: Account,
    /// The owner's DID document.
    pub document: Option<AccountDocument>,
    /// The collections that have records.
    pub collections: Vec<Nsid>,
    /// Whether the handle leads back to the account.
    pub handle_is_correct: bool,
}

/// Describes a repository. Whether its handle leads back is found out on behalf of `peer`.
pub async fn describe_repo(
    context: &Context,
    repo: &Identifier,
    peer: Option<Peer>,
) -> Result<RepoDescription, ReadError> {
    let account = readable(context, repo, Viewer::Anybody).await?;
    let document = describe_account(context, &account).await?;
    let collections = context.store.list_collections(&account.did).await?;
    // A name outside the host's domains may have been given to somebody else since.
    let handle_is_correct = context.settings.owns_domain_of(&account.handle)
        || matches!(resolve_handle(context, &account.handle, peer).await, Ok(did) if did == account.did);
    Ok(RepoDescription { account, document, collections, handle_is_correct })
}
