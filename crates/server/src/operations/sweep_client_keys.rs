//! Ends the sessions of confidential clients whose key is gone (CM-31).

use std::collections::HashMap;

use futures::{StreamExt as _, stream};
use gatewright_protocol::jose::Thumbprint;
use gatewright_protocol::oauth::client_id::ClientId;
use gatewright_store::StoreError;

use crate::context::Context;

/// Why the sweep stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepClientKeysError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks every client that sessions are bound to for its keys, and ends the sessions whose key it does not publish any
/// more. A client that cannot be asked now is left alone (CM-32). How many sessions ended.
///
/// # Errors
/// The store failed.
pub async fn sweep_client_keys(ctx: &Context) -> Result<u64, SweepClientKeysError> {
    let mut bound: HashMap<ClientId, Vec<Thumbprint>> = HashMap::new();
    for (client, key) in ctx.store.list_bound_keys().await? {
        bound.entry(client).or_default().push(key);
    }
    let ended: Vec<Result<u64, StoreError>> = stream::iter(bound)
        .map(|(client, keys)| async move { sweep(ctx, &client, &keys).await })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut count = 0;
    for ended in ended {
        count += ended?;
    }
    Ok(count)
}

/// Clients that are asked at the same time.
const AT_ONCE: usize = 8;

async fn sweep(ctx: &Context, client: &ClientId, keys: &[Thumbprint]) -> Result<u64, StoreError> {
    let Ok(published) = ctx.clients.keys_again(client, None).await else { return Ok(0) };
    let mut count = 0;
    for key in keys {
        if !published.usable().any(|jwk| jwk.thumbprint() == *key) {
            count += ctx.store.revoke_tokens_by_key(client, key).await?;
        }
    }
    Ok(count)
}
