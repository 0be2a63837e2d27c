//! Forgetting uploads that no record named.

use gatewright_store::StoreError;

use crate::context::Context;
use crate::settings::UNNAMED_BLOB;

/// Uploads that one step forgets, so that no upload waits long for it.
const BATCH: usize = 200;

/// Forgets some uploads that are a day old and that no record names, and removes the bytes of those that no account has
/// any more. How many were forgotten; call again while it is not zero.
pub async fn sweep_blobs(context: &Context) -> Result<usize, StoreError> {
    let before = context.now().minus(UNNAMED_BLOB);
    // An upload of the same bytes would find its file, and lose it.
    let _no_uploads = context.uploads.write().await;
    let swept = context.store.sweep_blobs(before, BATCH).await?;
    for cid in &swept.gone {
        if let Err(error) = context.blobs.remove(cid).await {
            tracing::error!(%error, blob.cid = %cid, "the file of a blob cannot be removed");
        }
    }
    Ok(swept.uploads)
}
