//! `com.atproto.sync.getBlob`.

use cid::Cid;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::blob::Blob;
use tokio::fs::File;

use super::access::{Identifier, ReadError, Viewer, readable};
use crate::context::Context;

/// Why a blob is not shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBlobError {
    /// The disk failed.
    #[error("the folder of blobs cannot be read")]
    Folder(#[from] std::io::Error),
    /// The account has no such blob.
    #[error("there is no such blob")]
    NotFound,
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] ReadError),
}

impl From<StoreError> for ReadBlobError {
    fn from(error: StoreError) -> Self {
        Self::Repo(error.into())
    }
}

/// What is known about a blob, and its bytes.
pub async fn read_blob(
    context: &Context,
    did: &Did,
    cid: &Cid,
    viewer: Viewer<'_>,
) -> Result<(Blob, File), ReadBlobError> {
    let account = readable(context, &Identifier::Did(did.clone()), viewer).await?;
    let blob = context.store.find_blob(&account.did, cid).await?.ok_or(ReadBlobError::NotFound)?;
    let file = context.blobs.read(cid).await?;
    if file.is_none() {
        tracing::error!(blob.cid = %cid, "the file of a blob is missing");
    }
    Ok((blob, file.ok_or(ReadBlobError::NotFound)?))
}
