//! `com.atproto.sync.getLatestCommit`.

use gatewright_protocol::syntax::Did;
use gatewright_store::repo::RepoHead;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;

/// Where a repository stands.
pub async fn find_commit(context: &Context, did: &Did, viewer: Viewer<'_>) -> Result<RepoHead, ReadError> {
    let account = readable(context, &Identifier::Did(did.clone()), viewer).await?;
    context.store.find_repo(&account.did).await?.ok_or(ReadError::NotFound)
}
