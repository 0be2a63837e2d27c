//! `com.atproto.sync.listBlobs`.

use cid::Cid;
use gatewright_protocol::syntax::Did;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;

/// A page of the blobs that records of the account name.
pub async fn list_blobs(
    context: &Context,
    did: &Did,
    after: Option<&Cid>,
    limit: usize,
    viewer: Viewer<'_>,
) -> Result<Vec<Cid>, ReadError> {
    let account = readable(context, &Identifier::Did(did.clone()), viewer).await?;
    Ok(context.store.list_blobs(&account.did, after, limit).await?)
}
