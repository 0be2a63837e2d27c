//! `com.atproto.repo.uploadBlob`, in two halves: what the bytes look like is known before it is decided whether to keep
//! them.

use bytes::Bytes;
use futures::Stream;
use gatewright_guard::rate::TooMany;
use gatewright_protocol::syntax::Did;
use gatewright_store::StoreError;
use gatewright_store::blob::Blob;

use super::access::{AccessError, writable};
use crate::blobs::{Incoming, ReceiveError};
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

/// A blob that was received, and is gone if it is not kept.
#[derive(Debug)]
pub struct ReceivedBlob {
    did: Did,
    incoming: Incoming,
}

impl ReceivedBlob {
    /// The type that its bytes look like (SEC-42).
    pub fn sniffed_type(&self) -> Option<&'static str> {
        self.incoming.sniffed_type
    }
}

/// Receives a blob of an account.
pub async fn receive_blob<E>(
    context: &Context,
    caller: &Did,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin + Send,
) -> Result<ReceivedBlob, UploadBlobError> {
    let account = writable(context, caller, None).await?;
    context.limits.upload(&account.did, context.now()).map_err(UploadBlobError::OverBudget)?;
    let incoming = context.blobs.receive(body, context.settings.blob_limit, &*context.random).await?;
    Ok(ReceivedBlob { did: account.did, incoming })
}

/// Keeps a blob as one of this type. What its bytes look like is noted beside.
pub async fn keep_blob(
    context: &Context,
    received: ReceivedBlob,
    media_type: String,
) -> Result<Blob, UploadBlobError> {
    let ReceivedBlob { did, incoming } = received;
    let blob = Blob {
        did,
        cid: incoming.cid,
        size: incoming.size,
        declared_type: media_type,
        sniffed_type: incoming.sniffed_type.map(str::to_owned),
        created_at: context.now(),
    };
    let _not_swept = context.uploads.read().await;
    // The bytes first: a row without its file would be a promise that is not kept.
    context.blobs.keep(incoming).await.map_err(ReceiveError::from)?;
    context.store.create_blob(blob.clone()).await?;
    Ok(blob)
}
