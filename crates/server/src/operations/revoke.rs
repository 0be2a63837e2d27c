//! Ends the session that a token belongs to (AS-63 … AS-65).

use gatewright_protocol::jose::jws;
use gatewright_protocol::secret::RefreshToken;
use gatewright_store::StoreError;
use gatewright_store::token::{AccessTokenId, Token};
use serde::Deserialize;

use super::ProvenClient;
use super::mint::ACCESS_TOKEN_TYPE;
use crate::context::Context;

/// Why nothing could be revoked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Ends the session that a token belongs to: an access token, be it expired, or a refresh token, be it used. A token
/// that is unknown, or of another client or key, is no error: the caller learns nothing of it. Whether a session ended.
///
/// # Errors
/// The store failed.
pub async fn revoke(ctx: &Context, client: &ProvenClient, presented: &str) -> Result<bool, RevokeError> {
    let Some(token) = find(ctx, presented).await? else { return Ok(false) };
    let is_theirs = token.client == client.metadata.client_id
        && token.dpop_jkt == client.jkt
        && token.client_auth.admits(&client.auth);
    Ok(is_theirs && ctx.store.revoke_token(token.id).await?)
}

async fn find(ctx: &Context, presented: &str) -> Result<Option<Token>, StoreError> {
    if let Some(id) = access_token_id(ctx, presented) {
        return ctx.store.find_token(id.token).await;
    }
    match RefreshToken::parse(presented) {
        Ok(refresh) => ctx.store.find_token_by_refresh(&refresh.hash()).await,
        Err(_) => Ok(None),
    }
}

#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    jti: std::borrow::Cow<'a, str>,
}

/// The name in an access token of ours, whatever its age.
fn access_token_id(ctx: &Context, text: &str) -> Option<AccessTokenId> {
    let token = jws::decode(text).ok()?;
    if token.header().typ.as_deref() != Some(ACCESS_TOKEN_TYPE) {
        return None;
    }
    let key = ctx.keys.find(token.header().kid.as_deref()?)?;
    let verified = token.verify(&key).ok()?;
    verified.claims::<Claims<'_>>().ok()?.jti.parse().ok()
}
