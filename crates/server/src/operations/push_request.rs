//! Keeps a pushed authorization request (3.2).

use std::time::Duration;

use gatewright_protocol::oauth::par::AuthorizationRequest;
use gatewright_protocol::random::random_bytes;
use gatewright_store::StoreError;
use gatewright_store::request::{Request, RequestCreated, RequestId, Stage};

use super::{Before, ExpandScopesError, ProvenClient, expand_scopes};
use crate::context::Context;
use crate::permission_sets::Purpose;

/// A request that is kept.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Its name.
    pub id: RequestId,
    /// How long it waits for a browser.
    pub expires_in: Duration,
}

/// Why a request is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushRequestError {
    /// Another request of the last 24 hours had the same `code_challenge`.
    #[error("the code challenge was used before")]
    ChallengeUsed,
    /// A permission set does not resolve.
    #[error(transparent)]
    Expand(#[from] ExpandScopesError),
    /// There are as many open requests as the store takes.
    #[error("there are too many open requests")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps a request that was checked, and reserves its code challenge (AS-28, AS-29).
///
/// # Errors
/// Its challenge was used, a permission set does not resolve, or the store is full or failed. Nothing is reserved then.
pub async fn push_request(
    ctx: &Context,
    client: &ProvenClient,
    parameters: AuthorizationRequest,
) -> Result<Pushed, PushRequestError> {
    expand_scopes(ctx, &parameters.scope, Before::default(), Purpose::NewSession).await?;
    let (now, lifetimes) = (ctx.now(), &ctx.settings.lifetimes);
    let id = RequestId(format!("req-{:032x}", u128::from_be_bytes(random_bytes(&*ctx.random))));
    let request = Request {
        id: id.clone(),
        client: client.metadata.client_id.clone(),
        client_auth: client.auth.clone(),
        dpop_jkt: client.jkt,
        parameters,
        created_at: now,
        expires_at: now.plus(lifetimes.request),
        device: None,
        stage: Stage::Pushed,
    };
    match ctx.store.create_request(request, now.plus(lifetimes.challenge)).await? {
        RequestCreated::ChallengeUsed => Err(PushRequestError::ChallengeUsed),
        RequestCreated::Created => Ok(Pushed { id, expires_in: lifetimes.request }),
        RequestCreated::Full => Err(PushRequestError::Full),
    }
}
