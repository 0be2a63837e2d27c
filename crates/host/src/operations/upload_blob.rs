//! `com.atproto.repo.uploadBlob`.

use bytes::Bytes;
use futures::Stream;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::blob::Blob;

use super::access::{AccessError, writable};
use crate::blobs::ReceiveError;
use crate::context::Context;

/// Why a blob was not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadBlobError {
    /// The account may not upload.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account uploaded as many as it may for now.
    #[error("too many uploads")]
    OverBudget(TooMany),
    /// The bytes were not received, or not kept.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Receives a blob of the type that its sender declares. What its bytes look like is noted beside (SEC-42).
pub async fn upload_blob<E>(
    context: &Context,
    caller: &Did,
    declared_type: String,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin + Send,
) -> Result<Blob, UploadBlobError> {
    let account = writable(context, caller, None).await?;
    context.limits.upload(&account.did, context.now()).map_err(UploadBlobError::OverBudget)?;
    let incoming = context.blobs.receive(body, context.settings.blob_limit, &*context.random).await?;
    let blob = Blob {
        did: account.did,
        cid: incoming.cid,
        size: incoming.size,
        declared_type,
        sniffed_type: incoming.sniffed_type.map(str::to_owned),
        created_at: context.now(),
    };
    let _not_swept = context.uploads.read().await;
    // The bytes first: a row without its file would be a promise that is not kept.
    context.blobs.keep(incoming).await.map_err(ReceiveError::from)?;
    context.store.create_blob(blob.clone()).await?;
    Ok(blob)
}
